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
UPDATE registry.leases SET expires_at = clock_timestamp() + interval '1 second'
 WHERE name = $1 AND expires_at > clock_timestamp() + interval '1 second' AND session NOT IN (${liveSessions})`;

const renew = `
UPDATE registry.leases SET expires_at = clock_timestamp() + make_interval(secs => $3)
 WHERE name = $1 AND fence = $2 AND expires_at > clock_timestamp()`;

const free = "UPDATE registry.leases SET expires_at = '-infinity' WHERE name = $1 AND fence = $2";

/** Takes a lease if it is free. */
export async function takeLease(
  pool: Pool,
  session: string,
  name: string,
  holder: string,
  ttlSeconds: number,
): Promise<KeptLease | undefined> {
  const asked = performance.now();
  const { rows } = await pool.query<{ fence: number }>(take, [name, holder, session, ttlSeconds]);
  const fence = rows[0]?.fence;
  if (fence === undefined) {
    await pool.query(hasten, [name]);
    return undefined;
  }
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
