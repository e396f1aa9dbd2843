import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { QueryConfig } from 'pg';
import { EdwinError } from '../errors';
import { type Pool, type PoolClient, transaction } from './postgres';

/** A migration may rewrite a large table. */
const LONGEST_MS = 3_600_000;

interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/**
 * Brings `schema` to the newest version that `folder` holds (`0001_name.sql`, `0002_…`; never changed once applied).
 * Creates the schema; names in the files need no schema. All in one transaction, so a failure changes nothing; safe
 * when several programs start at once. Errors: `database.newer-schema`.
 */
export async function migrate(pool: Pool, folder: string, schema: string): Promise<void> {
  const migrations = readMigrations(folder);
  if (await isCurrent(pool, schema, migrations)) return;
  await transaction(pool, async (client) => {
    const lock = 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))';
    await client.query({ text: lock, values: [`migrate ${schema}`], query_timeout: LONGEST_MS } as QueryConfig);
    // Asked of the table: a connection may remember from before the wait that there is no such schema, and would go on
    // to believe it until it locks a table.
    const made = await client.query('SELECT FROM pg_namespace WHERE nspname = $1', [schema]);
    if (made.rowCount === 0) await client.query(`CREATE SCHEMA "${schema}"`);
    await client.query(`CREATE TABLE IF NOT EXISTS "${schema}".migrations (
      version int PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`);
    const applied = check(schema, migrations, await appliedOf(client, schema));
    await client.query(`SET LOCAL search_path TO "${schema}"`);
    for (const migration of migrations.slice(applied)) await apply(client, schema, migration);
  });
}

function readMigrations(folder: string): Migration[] {
  const names = readdirSync(folder)
    .filter((name) => /^\d{4}_.+\.sql$/.test(name))
    .sort();
  return names.map((name, index) => {
    const version = Number(name.slice(0, 4));
    if (version !== index + 1) throw new Error(`${join(folder, name)}: expected version ${index + 1} here`);
    const sql = readFileSync(join(folder, name), 'utf8');
    return { version, name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
  });
}

interface Applied {
  version: number;
  name: string;
  checksum: string;
}

async function appliedOf(client: Pick<Pool, 'query'> | PoolClient, schema: string): Promise<Applied[]> {
  const { rows } = await client.query<Applied>(
    `SELECT version, name, checksum FROM "${schema}".migrations ORDER BY version`,
  );
  return rows;
}

/** Most starts find nothing to do; then no lock is taken and nothing is written. */
async function isCurrent(pool: Pool, schema: string, migrations: readonly Migration[]): Promise<boolean> {
  const { rows } = await pool.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [
    `"${schema}".migrations`,
  ]);
  if (!rows[0]?.there) return false;
  return check(schema, migrations, await appliedOf(pool, schema)) === migrations.length;
}

/** How many are applied; refuses a history that is not the beginning of ours. */
function check(schema: string, migrations: readonly Migration[], applied: readonly Applied[]): number {
  if (applied.length > migrations.length) {
    const newest = applied.at(-1);
    throw new EdwinError(
      'database.newer-schema',
      `Schema ${schema} is at version ${newest?.version} (${newest?.name}); this Edwin knows ${migrations.length}.`,
    );
  }
  for (const [index, row] of applied.entries()) {
    const ours = migrations[index];
    if (ours?.checksum === row.checksum) continue;
    throw new Error(`Migration ${ours?.name} of schema ${schema} was changed after it had been applied as ${row.name}`);
  }
  return applied.length;
}

async function apply(client: PoolClient, schema: string, { version, name, sql, checksum }: Migration): Promise<void> {
  try {
    await client.query({ text: sql, query_timeout: LONGEST_MS } as QueryConfig);
  } catch (error) {
    throw new Error(`Migration ${name} of schema ${schema}: ${(error as Error).message}`, { cause: error });
  }
  await client.query(`INSERT INTO "${schema}".migrations (version, name, checksum) VALUES ($1, $2, $3)`, [
    version,
    name,
    checksum,
  ]);
}
