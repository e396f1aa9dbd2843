import type { Pool } from '../../platform/database/postgres';
import type { Logger } from '../../platform/log';
import type { Inbox } from './inbox';

const SWEEP_MS = 5_000;
const PURGE_MS = 600_000;
const PURGED_AT_ONCE = 5_000;

/** Continues with messages left behind, at once and every 5 s, and forgets what was handled long ago. */
export function startSweeper(inbox: Inbox, pool: Pool, log: Logger): { stop(): Promise<void> } {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let purgedAt = Number.NEGATIVE_INFINITY;

  const sweep = async (): Promise<void> => {
    try {
      const found = await inbox.sweep();
      if (found > 0) log.warn({ found }, `${found} students had messages left behind; they are handled now`);
      if (performance.now() - purgedAt > PURGE_MS) {
        await purge(pool);
        purgedAt = performance.now();
      }
    } catch (error) {
      log.warn({ error }, 'Looking for messages left behind failed; next try in 5 s');
    }
    if (!stopped) timer = setTimeout(run, SWEEP_MS);
  };
  let running = sweep();
  const run = (): void => {
    running = sweep();
  };

  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

async function purge(pool: Pool): Promise<void> {
  await pool.query(
    `delete from bot.inbox where (student, sequence) in
       (select student, sequence from bot.inbox where handled_at < now() - interval '7 days' limit ${PURGED_AT_ONCE})`,
  );
  await pool.query(
    `delete from bot.nudges where id in (select id from bot.nudges where handled_at < now() - interval '30 days' limit ${PURGED_AT_ONCE})`,
  );
}
