import type { Logger } from '../log';

export interface OpenTelemetryOptions {
  readonly log: Logger;
  /** Given by the one that writes: documents older than so many days are removed. */
  readonly keepDays?: number;
}
