import { liveSessions } from '../database/listen';
import type { Pool } from '../database/postgres';
import type { Lease } from './registry';

/** A lease as its keeper sees it. */
export interface KeptLease extends Lease {
  /** Stops the renewal and aborts `lost`. */
  lose(reason: string): void;
}

/** Free is what nobody has, what was not renewed in time, and what belongs to a connection that is gone. */
const take = `
INSERT INTO registry.leases AS l (name, holder, fence, session, expires_at)
VALUES ($1, $2, 1, $3, clock_timestamp() + make_interval(secs => $4))
ON CONFLICT (name) DO UPDATE
   SET holder = excluded.holder, fence = l.fence + 1, session = excluded.session, expires_at = excluded.expires_at
 WHERE l.expires_at <= clock_timestamp() OR l.session NOT IN (${liveSessions})
RETURNING fence::int`;

const renew = `
UPDATE registry.leases SET expires_at = clock_timestamp() + make_interval(secs => $3)
 WHERE name = $1 AND fence = $2 AND expires_at > clock_timestamp()`;

const free = "UPDATE registry.leases SET expires_at = '-infinity' WHERE name = $1 AND fence = $2";

/** Part of the time to live after which, without a renewal, the holder stops being sure: before others can take it. */
const SURE = 0.9;

/** Takes a lease if it is free, and renews it at a third of its time to live until it is released or lost. */
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
  if (fence === undefined) return undefined;

  const lost = new AbortController();
  let over = false;
  let deadline: NodeJS.Timeout | undefined;
  const end = (): void => {
    over = true;
    clearInterval(renewal);
    clearTimeout(deadline);
  };
  const lose = (reason: string): void => {
    end();
    lost.abort(new Error(`The lease ${name} (fence ${fence}) was lost: ${reason}`));
  };
  const sureFrom = (start: number): void => {
    clearTimeout(deadline);
    const left = start + ttlSeconds * 1000 * SURE - performance.now();
    deadline = setTimeout(() => lose('it could not be renewed in time'), Math.max(0, left));
  };
  const renewal = setInterval(
    async () => {
      const start = performance.now();
      try {
        const { rowCount } = await pool.query(renew, [name, fence, ttlSeconds]);
        if (over) return;
        if (rowCount === 1) sureFrom(start);
        else lose('its time was over, or another holder has it');
      } catch {
        // the deadline decides
      }
    },
    (ttlSeconds * 1000) / 3,
  );
  sureFrom(asked);
  const release = async (): Promise<void> => {
    if (over) return;
    end();
    await pool.query(free, [name, fence]);
  };
  return { name, holder, fence, lost: lost.signal, release, lose };
}
