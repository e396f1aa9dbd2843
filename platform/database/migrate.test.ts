import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '../../test/database';
import { until } from '../../test/until';
import { hasCode } from '../errors';
import { migrate } from './migrate';
import { openPool } from './postgres';

let database: TestDatabase;
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edwin-migrations-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, sql: string): void => writeFileSync(join(folder, name), sql);
const columnsOf = async (table: string): Promise<string[]> => {
  const { rows } = await database.pool.query<{ attname: string }>(
    'SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 ORDER BY attnum',
    [table],
  );
  return rows.map((row) => row.attname);
};

test('applies what is new, once, in the schema it is given', async () => {
  write('0001_first.sql', 'CREATE TABLE things (id int)');
  await migrate(database.pool, folder, 'one');
  write('0002_second.sql', 'ALTER TABLE things ADD COLUMN name text');
  await migrate(database.pool, folder, 'one');
  await migrate(database.pool, folder, 'one');
  expect(await columnsOf('one.things')).toEqual(['id', 'name']);
});

test('several programs that start at once apply each migration once', async () => {
  write('0001_first.sql', 'CREATE TABLE things (id int); INSERT INTO things VALUES (1)');
  await Promise.all([1, 2, 3, 4].map(() => migrate(database.pool, folder, 'many')));
  const { rows } = await database.pool.query('SELECT id FROM many.things');
  expect(rows).toEqual([{ id: 1 }]);
});

test('who waited for another program sees what that made, on a connection that had looked for it before, too', async () => {
  write('0001_first.sql', 'CREATE TABLE things (id int); INSERT INTO things VALUES (1)');
  const late = openPool(database.url, { max: 1, application_name: 'late' });
  const first = await database.pool.connect();
  try {
    // After its first statement that defines something, a connection no longer hears of others' by chance.
    await late.query('CREATE TEMP TABLE own (id int)');
    await first.query('BEGIN');
    await first.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', ['migrate waited']);
    await first.query('CREATE SCHEMA waited');
    const migrated = migrate(late, folder, 'waited');
    const waits = "SELECT FROM pg_stat_activity WHERE application_name = 'late' AND wait_event = 'advisory'";
    await until(async () => (await database.pool.query(waits)).rowCount === 1, { what: 'the late one waits' });
    await first.query('COMMIT');
    await migrated;
    expect((await database.pool.query('SELECT id FROM waited.things')).rows).toEqual([{ id: 1 }]);
  } finally {
    first.release();
    await late.end();
  }
});

test('a schema that a newer Edwin migrated is refused', async () => {
  write('0001_first.sql', 'CREATE TABLE things (id int)');
  write('0002_second.sql', 'ALTER TABLE things ADD COLUMN name text');
  await migrate(database.pool, folder, 'newer');
  rmSync(join(folder, '0002_second.sql'));
  const error = await migrate(database.pool, folder, 'newer').catch((thrown: unknown) => thrown);
  expect(hasCode(error, 'database.newer-schema')).toBe(true);
});

test('a migration changed after it was applied is refused', async () => {
  write('0001_first.sql', 'CREATE TABLE things (id int)');
  await migrate(database.pool, folder, 'changed');
  write('0001_first.sql', 'CREATE TABLE things (id bigint)');
  await expect(migrate(database.pool, folder, 'changed')).rejects.toThrow(
    '0001_first.sql of schema changed was changed',
  );
});

test('a migration that fails leaves nothing behind and is named', async () => {
  write('0001_first.sql', 'CREATE TABLE things (id int)');
  write('0002_second.sql', 'ALTER TABLE nothing ADD COLUMN name text');
  await expect(migrate(database.pool, folder, 'broken')).rejects.toThrow('Migration 0002_second.sql of schema broken');
  const { rows } = await database.pool.query("SELECT to_regnamespace('broken') AS found");
  expect(rows).toEqual([{ found: null }]);
});

test('a gap in the numbers is refused', async () => {
  write('0001_first.sql', 'SELECT 1');
  write('0003_third.sql', 'SELECT 1');
  await expect(migrate(database.pool, folder, 'gap')).rejects.toThrow('expected version 2 here');
});
