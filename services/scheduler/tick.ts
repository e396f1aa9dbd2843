import type { Pool } from '../../platform/database/postgres';
import type { Logger } from '../../platform/log';
import { nudges as nudgesCounted } from '../../platform/metrics';
import type { Settings } from './due';
import { nudgeDue } from './store';

export interface TickOptions {
  readonly pool: Pool;
  readonly settings: Settings;
  readonly log: Logger;
  /** Called when nudges were written. */
  readonly told: () => void;
  readonly stopping?: AbortSignal;
  readonly now?: () => Date;
}

const BATCH = 500;

/** Nudges everyone who is due, in batches, and gives how many nudges that were. Any number of instances may tick at once. */
export async function tick({
  pool,
  settings,
  log,
  told,
  stopping,
  now = () => new Date(),
}: TickOptions): Promise<number> {
  let written = 0;
  for (let full = true; full && !stopping?.aborted; ) {
    const { students, decisions } = await nudgeDue(pool, settings, now(), BATCH);
    const nudges = decisions.flatMap((decision) => decision.nudges);
    for (const { id, kind, student } of nudges) {
      nudgesCounted.inc({ kind });
      log.info({ nudge: id, kind, student }, `Nudge ${kind} is due`);
    }
    for (const { student, dropped } of decisions) {
      if (dropped !== undefined)
        log.info({ student: student.id, reason: dropped }, `No reminder for this silence: ${dropped}`);
    }
    if (nudges.length > 0) told();
    written += nudges.length;
    full = students === BATCH;
  }
  return written;
}
