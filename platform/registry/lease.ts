import { setTimeout as pause } from 'node:timers/promises';
import { liveSessions } from '../database/listen';
import type { Pool } from '../database/postgres';
import { type KeptLease, keepLease } from './kept-lease';

/** Free is what nobody has and what was not renewed in time. */
const take = `
INSERT INTO registry.leases AS l (name, holder, fence, session, expires_at)
VALUES ($1, $2, 1, $3, clock_timestamp() + make_interval(secs => $4))
ON CONFLICT (name) DO UPDATE
   SET holder = excluded.holder, fence = l.fence + 1, session = excluded.session, expires_at = excluded.expires_at
 WHERE l.expires_at <= clock_timestamp()
RETURNING fence::int`;

/**
 * What belongs to a connection that is gone ends sooner, but not at once: the server knows of the loss before a living
 * holder does, whose event loop may be busy.
 */
const hasten = `
UPDATE registry.leases SET expires_at = clock_timestamp() + make_interval(secs => $2)
 WHERE name = $1 AND expires_at > clock_timestamp() + make_interval(secs => $2) AND session NOT IN (${liveSessions})`;
const NOTICE_MS = 300;

const renew = `
UPDATE registry.leases SET expires_at = clock_timestamp() + make_interval(secs => $3)
 WHERE name = $1 AND fence = $2 AND expires_at > clock_timestamp()`;

const free = "UPDATE registry.leases SET expires_at = '-infinity' WHERE name = $1 AND fence = $2";

/** Takes a lease if it is free; one whose holder's connection is gone after that holder had time to notice. */
export async function takeLease(
  pool: Pool,
  session: string,
  name: string,
  holder: string,
  ttlSeconds: number,
): Promise<KeptLease | undefined> {
  const taken = await takeFree(pool, session, name, holder, ttlSeconds);
  if (taken) return taken;
  if ((await pool.query(hasten, [name, NOTICE_MS / 1000])).rowCount !== 1) return undefined;
  await pause(NOTICE_MS);
  return takeFree(pool, session, name, holder, ttlSeconds);
}

async function takeFree(
  pool: Pool,
  session: string,
  name: string,
  holder: string,
  ttlSeconds: number,
): Promise<KeptLease | undefined> {
  const asked = performance.now();
  const { rows } = await pool.query<{ fence: number }>(take, [name, holder, session, ttlSeconds]);
  const fence = rows[0]?.fence;
  if (fence === undefined) return undefined;
  return keepLease({
    name,
    holder,
    fence,
    ttlSeconds,
    asked,
    renew: async () => (await pool.query(renew, [name, fence, ttlSeconds])).rowCount === 1,
    free: async () => void (await pool.query(free, [name, fence])),
  });
}
