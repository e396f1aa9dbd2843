import type { Queryable } from '../database/postgres';
import type { RegisteredInstance, Registration, ReportedHealth } from './registry';
import type { Entries } from './watch';

/** Channel that is told of every change. */
export const changes = 'registry';

const told = `SELECT pg_notify('${changes}', '')`;

/** Replaces the entry and begins its health anew: nobody has vouched for it yet. The same one changes nothing. */
export async function putEntry(db: Queryable, entry: Registration): Promise<void> {
  const { id, service, release, host, address, ttlSeconds } = entry;
  await db.query(
    `WITH put AS (
       INSERT INTO registry.instances AS i
              (id, service, release, host, address_host, address_port, ttl_seconds, health, note, reported_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, 'critical', '', clock_timestamp())
       ON CONFLICT (id) DO UPDATE
          SET service = excluded.service, release = excluded.release, host = excluded.host,
              address_host = excluded.address_host, address_port = excluded.address_port,
              ttl_seconds = excluded.ttl_seconds, health = excluded.health, note = excluded.note,
              reported_at = excluded.reported_at
        WHERE (i.service, i.release, i.host, i.address_host, i.address_port, i.ttl_seconds) IS DISTINCT FROM
              (excluded.service, excluded.release, excluded.host, excluded.address_host, excluded.address_port,
               excluded.ttl_seconds)
       RETURNING id
     ) ${told} FROM put`,
    [id, service, release, host, address?.host ?? null, address?.port ?? null, ttlSeconds],
  );
}

/** Tells others only when it reads differently from before; most reports just renew. */
export async function reportEntry(db: Queryable, id: string, health: ReportedHealth, note: string): Promise<void> {
  await db.query(
    `WITH before AS (
       SELECT id, health, note, reported_at + make_interval(secs => ttl_seconds) < clock_timestamp() AS expired
         FROM registry.instances WHERE id = $1 FOR UPDATE
     ), reported AS (
       UPDATE registry.instances AS i SET health = $2, note = $3, reported_at = clock_timestamp()
         FROM before WHERE i.id = before.id
     )
     ${told} FROM before WHERE before.expired OR before.health <> $2 OR before.note <> $3`,
    [id, health, note],
  );
}

export async function removeEntry(db: Queryable, id: string): Promise<void> {
  await db.query(`WITH removed AS (DELETE FROM registry.instances WHERE id = $1 RETURNING id) ${told} FROM removed`, [
    id,
  ]);
}

interface Row {
  id: string;
  service: string;
  release: number;
  host: string;
  address_host: string | null;
  address_port: number | null;
  ttl_seconds: number;
  health: ReportedHealth;
  note: string;
  reported_at: Date;
  left: number;
}

export async function readEntries(db: Queryable, service?: string): Promise<Entries> {
  const { rows } = await db.query<Row>(
    `SELECT id, service, release, host, address_host, address_port, ttl_seconds, health, note, reported_at,
            extract(epoch FROM reported_at + make_interval(secs => ttl_seconds) - clock_timestamp())::float8 AS left
       FROM registry.instances WHERE $1::text IS NULL OR service = $1 ORDER BY id COLLATE "C"`,
    [service ?? null],
  );
  const lefts = rows.map((row) => row.left).filter((left) => left >= 0);
  return { instances: rows.map(instanceOf), nextExpiry: lefts.length > 0 ? Math.min(...lefts) : undefined };
}

function instanceOf(row: Row): RegisteredInstance {
  const { id, service, release, host, address_host, address_port, note } = row;
  return {
    id,
    service,
    release,
    host,
    ...(address_host !== null && address_port !== null && { address: { host: address_host, port: address_port } }),
    ttlSeconds: row.ttl_seconds,
    health: row.left < 0 ? 'expired' : row.health,
    note,
    reportedAt: row.reported_at,
  };
}
