import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { adminUrl, asAdmin } from '../../test/database';
import { environmentRole, prepareDatabases } from './environments';
import { asPortError, openPool } from './postgres';

const run = randomBytes(4).toString('hex');
const [stage, prod] = [`stage-${run}`, `prod-${run}`];
const passwords: Record<string, string> = {
  edwin: 'control-password',
  edwin_telemetry: 'telemetry-password',
  [environmentRole(stage)]: 'stage-password',
  [environmentRole(prod)]: "prod'pass/word@#",
};

afterAll(async () => {
  for (const environment of [stage, prod]) {
    await asAdmin(`DROP DATABASE IF EXISTS "${environmentRole(environment)}" WITH (FORCE)`);
    await asAdmin(`DROP ROLE IF EXISTS "${environmentRole(environment)}"`);
  }
});

const ask = async (url: string, statement: string): Promise<unknown> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(statement)).rows[0];
  } finally {
    await client.end();
  }
};

test('every environment gets a database and a role that owns it and is no superuser', async () => {
  const urls = await prepareDatabases(adminUrl, [stage, prod], passwords);
  expect(Object.keys(urls.environments)).toEqual([stage, prod]);
  for (const environment of [stage, prod]) {
    const role = environmentRole(environment);
    const found = await ask(
      urls.environments[environment]!,
      'SELECT current_database() AS database, rolname, rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user',
    );
    expect(found).toEqual({ database: role, rolname: role, rolsuper: false, rolcreatedb: false });
    await ask(urls.environments[environment]!, 'CREATE SCHEMA IF NOT EXISTS queue');
  }
});

test('may be run again, keeps what is there and adds an environment', async () => {
  const first = await prepareDatabases(adminUrl, [stage], passwords);
  await ask(first.environments[stage]!, 'CREATE TABLE kept (id int)');
  const second = await prepareDatabases(adminUrl, [stage, prod], passwords);
  expect(await ask(second.environments[stage]!, 'SELECT count(*)::int AS rows FROM kept')).toEqual({ rows: 0 });
});

test.each([
  ['another environment', () => environmentRole(prod)],
  ['the platform', () => 'edwin'],
  ['the telemetry', () => 'edwin_telemetry'],
  ['the server itself', () => 'postgres'],
  ['the template', () => 'template1'],
])('credentials of stage are refused by the database of %s', async (_whose, database) => {
  const urls = await prepareDatabases(adminUrl, [stage, prod], passwords);
  const url = Object.assign(new URL(urls.environments[stage]!), { pathname: `/${database()}` }).toString();
  const error = await ask(url, 'SELECT 1').catch((thrown: unknown) => thrown);
  expect(asPortError(error, 'database', 'test')).toMatchObject({ code: 'database.refused' });
});

test('a wrong password is refused', async () => {
  const urls = await prepareDatabases(adminUrl, [stage], passwords);
  const pool = openPool(Object.assign(new URL(urls.environments[stage]!), { password: 'wrong' }).toString());
  const error = await pool.query('SELECT 1').catch((thrown: unknown) => thrown);
  await pool.end();
  expect(asPortError(error, 'database', 'test')).toMatchObject({ code: 'database.refused' });
});

test('a role without a password is not made', async () => {
  await expect(prepareDatabases(adminUrl, [`none-${run}`], passwords)).rejects.toMatchObject({
    code: 'config.invalid',
  });
});
