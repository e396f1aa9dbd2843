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
    case 'bolt:':
    case 'bolt+s:':
    case 'neo4j:':
    case 'neo4j+s:': {
      const { openNeo4jGraph } = await import('./neo4j');
      return openNeo4jGraph(url);
    }
    default:
      throw new EdwinError(
        'config.invalid',
        `GRAPH_URL begins with "${scheme}"; known: postgres:, bolt:, bolt+s:, neo4j:, neo4j+s:.`,
      );
  }
}
