import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { openPool, type Pool } from '../platform/database/postgres';

/** Superuser's address on the PostgreSQL of this test run. */
export const adminUrl: string = process.env['EDWIN_TEST_DATABASE_URL'] ?? '';

export interface TestDatabase {
  readonly url: string;
  readonly pool: Pool;
  /** Ends the pool and removes the database, whoever is still connected. */
  drop(): Promise<void>;
}

/** A fresh, empty database. Drop it in `afterAll`. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asAdmin(`CREATE DATABASE ${name}`);
  const url = Object.assign(new URL(adminUrl), { pathname: `/${name}` }).toString();
  const pool = openPool(url);
  const drop = async (): Promise<void> => {
    if (!pool.ended) await pool.end();
    await asAdmin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  };
  return { url, pool, drop };
}

/** Runs one statement as superuser, on the database of `url`. */
export async function asAdmin(statement: string, url: string = adminUrl): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
