import { EdwinError } from '../errors';
import type { OpenTelemetryOptions } from './options';
import type { TelemetryStore } from './telemetry';

/** Opens the store at `url`; its scheme names the adapter. */
export async function openTelemetry(url: string, options: OpenTelemetryOptions): Promise<TelemetryStore> {
  const scheme = URL.canParse(url) ? new URL(url).protocol : '';
  switch (scheme) {
    case 'postgres:':
    case 'postgresql:': {
      const { openPostgresTelemetry } = await import('./postgres');
      return openPostgresTelemetry(url, options);
    }
    case 'elasticsearch+http:':
    case 'elasticsearch+https:': {
      const { openElasticsearchTelemetry } = await import('./elasticsearch');
      return openElasticsearchTelemetry(url, options);
    }
    default:
      throw new EdwinError(
        'config.invalid',
        `TELEMETRY_URL begins with "${scheme}"; known: postgres:, elasticsearch+http:, elasticsearch+https:.`,
      );
  }
}
