import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startScript } from '../../test/script';
import { until } from '../../test/until';
import { silent } from '../log';
import { freePort } from '../ports';
import { linkLibraries } from './binaries';
import { type EmbeddedOptions, type EmbeddedServer, startEmbedded } from './embedded';
import { keepEmbedded } from './keep';
import { isAlive } from './running';

let root: string;
let folder: string;
const servers: EmbeddedServer[] = [];

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'edwin-embedded-'));
});
let count = 0;
beforeEach(() => {
  folder = join(root, `closed ${++count}`);
  mkdirSync(folder, { mode: 0o700 });
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const start = async (options: Partial<EmbeddedOptions> = {}): Promise<EmbeddedServer> => {
  const server = await startEmbedded({ folder, log: silent, durable: false, ...options });
  servers.push(server);
  return server;
};
const ask = async (url: string, statement: string): Promise<Record<string, unknown>> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(statement)).rows[0] ?? {};
  } finally {
    await client.end();
  }
};

test('starts on the loopback address alone, with a password that only the owner can read', async () => {
  const server = await start();
  const said = await ask(server.adminUrl, "SELECT current_setting('listen_addresses') AS at, version() AS version");
  expect(said['at']).toBe('127.0.0.1');
  expect(said['version']).toMatch(/^PostgreSQL 1\d/);
  expect(statSync(join(folder, 'password')).mode & 0o777).toBe(0o600);
  const wrong = Object.assign(new URL(server.adminUrl), { password: 'guess' }).toString();
  await expect(ask(wrong, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
  const command = `/proc/${server.pid}/cmdline`;
  if (existsSync(command)) expect(readFileSync(command, 'utf8')).not.toContain(new URL(server.adminUrl).password);
});

test('after a stop, the next start finds the data and uses the same port', async () => {
  const first = await start();
  await ask(first.adminUrl, 'CREATE TABLE kept AS SELECT 42 AS answer');
  await Promise.all([first.stop(), first.stop()]);
  expect(first.alive()).toBe(false);
  const second = await start();
  expect(second).toMatchObject({ port: first.port, adopted: false });
  expect(await ask(second.adminUrl, 'SELECT answer FROM kept')).toEqual({ answer: 42 });
});

test('takes over the server that a killed program left', async () => {
  const script = startScript(join(__dirname, 'fixture-parent.ts'), { FOLDER: folder, KEEP: 'yes' });
  const pid = Number((await script.says('runs')).split(' ')[1]);
  await script.kill('SIGKILL');
  const server = await start();
  expect(server).toMatchObject({ pid, adopted: true });
  expect(await ask(server.adminUrl, 'SELECT 1 AS one')).toEqual({ one: 1 });
});

test('an ephemeral server and its folder go with the program that started it, even when that is killed', async () => {
  const script = startScript(join(__dirname, 'fixture-parent.ts'), { FOLDER: folder });
  const pid = Number((await script.says('runs')).split(' ')[1]);
  expect(isAlive(pid)).toBe(true);
  await script.kill('SIGKILL');
  await until(() => !isAlive(pid), { what: 'the server ended' });
  await until(() => !existsSync(folder), { what: 'the folder is gone' });
});

test('a server that was killed is started again and nothing committed is lost', async () => {
  const first = await start({ durable: true });
  await ask(first.adminUrl, 'CREATE TABLE kept AS SELECT 42 AS answer');
  process.kill(first.pid, 'SIGKILL');
  const second = await start({ durable: true });
  expect(second.adopted).toBe(false);
  expect(await ask(second.adminUrl, 'SELECT answer FROM kept')).toEqual({ answer: 42 });
});

test('a kept server is there again, at the same address, when its process was killed', async () => {
  const kept = await keepEmbedded({ folder, log: silent });
  servers.push(kept);
  const { adminUrl, pid } = kept;
  await ask(adminUrl, 'CREATE TABLE kept AS SELECT 42 AS answer');
  process.kill(pid, 'SIGKILL');
  await until(async () => kept.pid !== pid && (await ask(adminUrl, 'SELECT answer FROM kept'))['answer'] === 42, {
    what: 'the server answers again',
  });
});

test('a file of a dead server whose process id another program has by now is no obstacle', async () => {
  const first = await start();
  await first.stop();
  const lines = [process.pid, join(folder, 'data'), 1, first.port, '', '127.0.0.1', '  1 1', 'ready   '];
  writeFileSync(join(folder, 'data', 'postmaster.pid'), `${lines.join('\n')}\n`);
  const second = await start();
  expect(second.adopted).toBe(false);
});

test('takes another port when its own was taken meanwhile, unless it was told which', async () => {
  const first = await start();
  await first.stop();
  const squatter = await new Promise<Server>((resolve) => {
    const server = createServer().listen(first.port, '127.0.0.1', () => resolve(server));
  });
  try {
    await expect(start({ port: first.port })).rejects.toMatchObject({ code: 'start.port-taken' });
    expect((await start()).port).not.toBe(first.port);
  } finally {
    squatter.close();
  }
});

test('uses the port it is told', async () => {
  const port = await freePort();
  expect(await start({ port })).toMatchObject({ port });
});

test('a server that can not start says why, with the end of its log', async () => {
  await (await start()).stop();
  writeFileSync(join(folder, 'data', 'postgresql.conf'), 'no_such_setting = on\n');
  await expect(start()).rejects.toMatchObject({
    code: 'database.start-failed',
    message: expect.stringContaining('no_such_setting'),
  });
});

test('a folder that can not be written is named', async () => {
  writeFileSync(join(folder, 'file'), '');
  await expect(start({ folder: join(folder, 'file', 'below') })).rejects.toMatchObject({
    message: expect.stringContaining('below'),
  });
});

describe('links to libraries, which a package can not hold', () => {
  const install = (target: string): string => {
    const native = join(folder, 'package', 'native');
    mkdirSync(join(native, 'lib'), { recursive: true });
    writeFileSync(join(native, 'lib', 'libone.so.1.2'), 'one');
    writeFileSync(join(native, 'pg-symlinks.json'), JSON.stringify([{ source: 'native/lib/libone.so.1.2', target }]));
    return join(folder, 'package');
  };

  test('are made where the install script was not allowed to', () => {
    const installed = install('native/lib/libone.so.1');
    expect(linkLibraries(installed, join(folder, 'spare'))).toEqual({});
    expect(readFileSync(join(installed, 'native', 'lib', 'libone.so.1'), 'utf8')).toBe('one');
  });

  test('are made elsewhere where the package can not be written to', () => {
    const installed = install('native/not-there/libone.so.1');
    const spare = join(folder, 'spare');
    expect(Object.values(linkLibraries(installed, spare))).toEqual([spare]);
    for (const name of ['libone.so.1', 'libone.so.1.2']) expect(readFileSync(join(spare, name), 'utf8')).toBe('one');
  });
});
