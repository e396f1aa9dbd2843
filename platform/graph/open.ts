import { EdwinError } from '../errors';
import type { Graph } from './graph';

/** Opens the graph at `url`; its scheme names the adapter. */
export async function openGraph(url: string): Promise<Graph> {
  const scheme = URL.canParse(url) ? new URL(url).protocol : '';
  switch (scheme) {
    case 'postgres:':
    case 'postgresql:': {
      const { openPostgresGraph } = await import('./postgres');
      return openPostgresGraph(url);
    }
    default:
      throw new EdwinError('config.invalid', `GRAPH_URL begins with "${scheme}"; known: postgres:.`);
  }
}
