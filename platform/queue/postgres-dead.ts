import type { Pool } from '../database/postgres';
import type { DeadMessage, DeadMessages } from './queue';
import { deadQueues, dropDead, listDead, replayDead } from './statements';

/** Dead messages are rows that are due never; each call is one statement, so all or nothing. */
export function deadInPostgres(pool: Pool): DeadMessages {
  const ids = (which: readonly string[] | 'all'): readonly string[] | null => (which === 'all' ? null : which);
  return {
    queues: async (prefix) => {
      const { rows } = await pool.query<{ queue: string }>(deadQueues, [prefix]);
      return rows.map(({ queue }) => queue);
    },
    list: async (queue, limit) => (await pool.query<DeadMessage>(listDead, [queue, limit])).rows,
    replay: async (queue, which) => {
      const { rows } = await pool.query<{ count: number }>(replayDead, [queue, ids(which)]);
      return rows[0]?.count ?? 0;
    },
    drop: async (queue, which) => (await pool.query(dropDead, [queue, ids(which)])).rowCount ?? 0,
  };
}
