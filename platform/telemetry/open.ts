import { EdwinError } from '../errors';
import type { Logger } from '../log';
import type { TelemetryStore } from './telemetry';

export interface OpenTelemetryOptions {
  readonly log: Logger;
  /** Given by the one that writes: documents older than so many days are removed. */
  readonly keepDays?: number;
}

/** Opens the store at `url`; its scheme names the adapter. */
export async function openTelemetry(url: string, options: OpenTelemetryOptions): Promise<TelemetryStore> {
  const scheme = URL.canParse(url) ? new URL(url).protocol : '';
  switch (scheme) {
    case 'postgres:':
    case 'postgresql:': {
      const { openPostgresTelemetry } = await import('./postgres');
      return openPostgresTelemetry(url, options);
    }
    default:
      throw new EdwinError('config.invalid', `TELEMETRY_URL begins with "${scheme}"; known: postgres:.`);
  }
}
