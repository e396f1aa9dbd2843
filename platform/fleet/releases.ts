import { createHash } from 'node:crypto';
import { type Pool, type Queryable, transaction } from '../database/postgres';
import { EdwinError } from '../errors';
import type { Image } from '../images/images';
import type { Release, ReleaseSnapshot } from './fleet';

/** Releases are kept for ever; a number is given once, in the order of building. */
export interface Releases {
  /** Makes a release of an image and a snapshot, or returns the one that has both already. */
  create(image: Image, snapshot: ReleaseSnapshot, createdBy: string): Promise<{ release: Release; created: boolean }>;
  /** @throws `fleet.unknown-release` */
  get(service: string, number: number): Promise<Release>;
  /** Built last first, each with the environments it serves in. */
  list(service: string, limit: number): Promise<{ release: Release; serving: string[] }[]>;
}

export function openReleases(pool: Pool): Releases {
  const known = new Map<string, Release>();
  return {
    create: (image, snapshot, createdBy) => transaction(pool, (client) => create(client, image, snapshot, createdBy)),
    async get(service, number) {
      const key = `${service}/${number}`;
      const release = known.get(key) ?? (await readRelease(pool, service, number));
      known.set(key, release);
      return release;
    },
    async list(service, limit) {
      const { rows } = await pool.query<ReleaseRow & { serving: string[] }>(
        `SELECT r.*, array(SELECT s.environment FROM fleet.serving s
                           WHERE s.service = r.service AND s.release = r.number ORDER BY s.environment) AS serving
         FROM fleet.releases r WHERE r.service = $1
         ORDER BY (SELECT max(b.id) FROM fleet.builds b WHERE b.service = r.service AND b.release = r.number) DESC NULLS LAST,
                  r.number DESC LIMIT $2`,
        [service, limit],
      );
      return rows.map((row) => ({ release: releaseOf(row), serving: row.serving }));
    },
  };
}

/** @throws `fleet.unknown-release` */
export async function readRelease(database: Queryable, service: string, number: number): Promise<Release> {
  const { rows } = await database.query<ReleaseRow>('SELECT * FROM fleet.releases WHERE service = $1 AND number = $2', [
    service,
    number,
  ]);
  if (rows[0] === undefined)
    throw new EdwinError('fleet.unknown-release', `There is no release ${number} of ${service}.`);
  return releaseOf(rows[0]);
}

async function create(
  client: Queryable,
  image: Image,
  snapshot: ReleaseSnapshot,
  createdBy: string,
): Promise<{ release: Release; created: boolean }> {
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`release ${image.service}`]);
  const digest = createHash('sha256').update(canonical(snapshot)).digest('hex');
  const present = await client.query<ReleaseRow>(
    'SELECT * FROM fleet.releases WHERE service = $1 AND image = $2 AND snapshot_digest = $3',
    [image.service, image.digest, digest],
  );
  if (present.rows[0]) {
    await recordBuild(client, image, present.rows[0].number, createdBy);
    return { release: releaseOf(present.rows[0]), created: false };
  }
  const { rows } = await client.query<ReleaseRow>(
    `INSERT INTO fleet.releases (service, number, image, commit, subject, author, created_by, snapshot, snapshot_digest)
     SELECT $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5, $6, $7, $8 FROM fleet.releases WHERE service = $1
     RETURNING *`,
    [
      image.service,
      image.digest,
      image.commit,
      image.subject,
      image.author,
      createdBy,
      JSON.stringify(snapshot),
      digest,
    ],
  );
  const made = releaseOf(rows[0] as ReleaseRow);
  await recordBuild(client, image, made.number, createdBy);
  return { release: made, created: true };
}

async function recordBuild(client: Queryable, { service, commit }: Image, release: number, by: string): Promise<void> {
  await client.query('INSERT INTO fleet.builds (service, release, commit, built_by) VALUES ($1, $2, $3, $4)', [
    service,
    release,
    commit,
    by,
  ]);
}

interface ReleaseRow {
  service: string;
  number: number;
  image: string;
  commit: string;
  subject: string;
  author: string;
  created_at: Date;
  created_by: string;
  snapshot: ReleaseSnapshot;
}

function releaseOf(row: ReleaseRow): Release {
  return {
    service: row.service,
    number: row.number,
    image: row.image,
    commit: row.commit,
    subject: row.subject,
    author: row.author,
    createdAt: row.created_at,
    createdBy: row.created_by,
    snapshot: { ...row.snapshot, run: row.snapshot.run, healthPath: row.snapshot.healthPath },
  };
}

/** JSON whose keys are sorted, so that equal content is equal text. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const pairs = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`);
  return `{${pairs.join(',')}}`;
}
