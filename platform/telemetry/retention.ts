import type { Pool } from '../database/postgres';

const CHUNK_ROWS = 2_000;

/** Removes documents older than `before`, in small statements that hold nobody up. Resolves with how many went. */
export async function removeBefore(pool: Pool, before: Date, stopped: () => boolean = () => false): Promise<number> {
  let removed = 0;
  for (const table of ['telemetry.spans', 'telemetry.logs']) {
    for (;;) {
      if (stopped()) return removed;
      const { rowCount } = await pool.query(
        `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE time < $1 LIMIT ${CHUNK_ROWS}))`,
        [before],
      );
      removed += rowCount ?? 0;
      if ((rowCount ?? 0) < CHUNK_ROWS) break;
    }
  }
  return removed;
}
