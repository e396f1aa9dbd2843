import type { Logger } from '../log';

export interface OpenTelemetryOptions {
  readonly log: Logger;
  /** A call that the server has not answered by then is given up; default: 15 s for a read, 30 s for a write. */
  readonly limitMs?: number;
  /** Given by the one that writes: documents older than so many days are removed. */
  readonly keepDays?: number;
}
