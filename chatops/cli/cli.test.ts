import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fastify, { type FastifyInstance } from 'fastify';
import { EdwinError } from '../../platform/errors';
import { silent } from '../../platform/log';
import type { TelemetryStore } from '../../platform/telemetry/telemetry';
import { createTestDatabase, type TestDatabase } from '../../test/database';
import { cell, FleetDouble, operation } from '../../test/fleet-double';
import { until } from '../../test/until';
import { openAccess } from '../access';
import { type Dispatcher, openDispatcher } from '../dispatch';
import { main } from './main';
import { commandRoutes } from './routes';

// The server, its dispatcher and the database are real; the fleet is a double that the test moves.
let database: TestDatabase;
let folder: string;
let fleet: FleetDouble;
let server: FastifyInstance;
let dispatcher: Dispatcher;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query('drop schema if exists audit cascade');
  folder = mkdtempSync(join(tmpdir(), 'edwin-cli-'));
  mkdirSync(join(folder, '.edwin'));
  fleet = new FleetDouble();
  fleet.cells = [
    cell({
      instances: [1, 2].map((n) => ({
        id: `bot-${n}`,
        host: 'local',
        release: 42,
        state: 'healthy',
        note: '',
        startedAt: new Date(),
      })),
    }),
  ];
  const telemetry = { logs: async () => [] } as unknown as TelemetryStore;
  const access = openAccess('viewer=cli:vera', 'engineer');
  dispatcher = await openDispatcher({
    fleet,
    telemetry,
    queue: () => Promise.reject(new Error('no queue is here')),
    pool: database.pool,
    publicUrl: 'http://localhost',
    log: silent,
    access,
  });
  await listen();
});

async function listen(): Promise<void> {
  const stopping = new AbortController();
  server = fastify({ forceCloseConnections: true });
  server.addHook('preClose', async () => stopping.abort());
  await server.register(commandRoutes({ dispatcher, fleet, token: 'right', stopping: stopping.signal }), {
    prefix: '/api',
  });
  runs(await server.listen({ port: 0, host: '127.0.0.1' }), 'right');
}
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

const runs = (url: string, token: string) =>
  writeFileSync(join(folder, '.edwin', 'edwin.json'), JSON.stringify({ url, token, pid: process.pid }));

function start(line: string, { tty = false, input = '' } = {}) {
  const run = { out: '', err: '' };
  const interrupt = new AbortController();
  const out = { write: (text: string) => (run.out += text) };
  const err = { isTTY: tty, write: (text: string) => (run.err += text) };
  const argv = line.split(' ').filter(Boolean);
  const status = main({
    argv,
    env: { USER: 'alice' },
    cwd: folder,
    input: Readable.from([input]),
    out,
    err,
    interrupted: interrupt.signal,
  });
  return Object.assign(run, { status, interrupt: () => interrupt.abort() });
}

async function edwin(line: string, options = {}) {
  const run = start(line, options);
  return { exit: await run.status, out: run.out, err: run.err };
}

const begun = () => until(() => fleet.operations[0], { what: 'the operation' });

test('a deployment is followed to its end: progress on stderr, the sentence on stdout, exit status 0', async () => {
  const run = start('deploy bot stage 42 --as alice');
  const { id } = await begun();
  fleet.change(id, { state: 'running', phase: 'starting on host-2', progress: { done: 1, total: 2 } });
  await until(() => run.err.includes('starting on host-2'), { what: 'progress' });
  fleet.change(id, { state: 'done', finishedAt: new Date() });
  expect(await run.status).toBe(0);
  expect(run.err.split('\n')).toContain('bot 42 is on 1 of 2 instances in stage, starting on host-2');
  expect(run.out).toMatch(/^bot 42 serves in stage\.\nIt took .* s\.\n$/);
  expect(fleet.requests[0]).toMatchObject({ requestedBy: 'alice' });
});

test('--json prints exactly one object with the promised names', async () => {
  const run = start('deploy bot stage 42 --json');
  const { id } = await begun();
  fleet.change(id, { state: 'done', finishedAt: new Date() });
  expect(await run.status).toBe(0);
  const printed = JSON.parse(run.out);
  expect(Object.keys(printed)).toEqual([
    'operation',
    'service',
    'environment',
    'from',
    'to',
    'state',
    'duration_ms',
    'instances',
    'message',
  ]);
  expect(printed).toMatchObject({
    operation: 812,
    service: 'bot',
    environment: 'stage',
    from: 41,
    to: 42,
    state: 'done',
    instances: 2,
    message: 'bot 42 serves in stage.',
  });
});

test('undone is exit status 1, with the reason and the last log lines', async () => {
  const run = start('deploy bot stage 42');
  const { id } = await begun();
  fleet.change(id, {
    state: 'undone',
    reason: 'never became healthy (60 s)',
    logTail: ['Error: no secret'],
    finishedAt: new Date(),
  });
  expect(await run.status).toBe(1);
  expect(run.out).toBe(
    'bot 42 was undone in stage. Release 41 serves again. Why: never became healthy (60 s).\n  Error: no secret\n',
  );
});

test.each([
  [
    'deploy bot',
    2,
    /edwin deploy bot needs an environment\.\nUsage: edwin deploy <service> <env> \[version\] \[--plan\]\n {2}dev/,
  ],
  ['deplyo bot stage', 2, /Did you mean edwin deploy bot stage\?/],
  ['deploy bot stage --as vera', 2, /vera is a viewer here/],
  ['status --as', 2, /--as needs a value/],
  ['status --as bad/name', 2, /a name has letters/],
])('%j is exit status %d', async (line, exit, sentence) => {
  const run = await edwin(line);
  expect(run).toMatchObject({ exit, out: '' });
  expect(run.err).toMatch(sentence);
});

test('what the fleet refuses is exit status 2, as JSON too', async () => {
  fleet.refuse = new EdwinError('fleet.busy', 'Deployment 811 of bot in stage runs.');
  const run = await edwin('deploy bot stage --json');
  expect(run.exit).toBe(2);
  expect(JSON.parse(run.out)).toMatchObject({ state: 'refused', message: 'Deployment 811 of bot in stage runs.' });
});

test('--no-wait comes back at once with exit status 8', async () => {
  const run = await edwin('deploy bot stage 42 --no-wait --json');
  expect(run.exit).toBe(8);
  expect(JSON.parse(run.out)).toMatchObject({ operation: 812, state: 'planned' });
});

test('Ctrl-C detaches, tells how to look again, and the operation goes on', async () => {
  const run = start('deploy bot stage 42');
  await until(() => run.err.includes('about to start'), { what: 'progress' });
  run.interrupt();
  expect(await run.status).toBe(130);
  expect(run.err).toContain('Look again with: edwin history bot stage');
  expect(fleet.operations[0]?.state).toBe('planned');
});

test('when Edwin is restarted meanwhile, the operation is followed on to its end', async () => {
  const run = start('deploy bot stage 42');
  const { id } = await begun();
  await until(() => run.err.includes('about to start'), { what: 'progress' });
  await server.close();
  await listen();
  fleet.change(id, { state: 'done', finishedAt: new Date() });
  expect(await run.status).toBe(0);
  expect(run.out).toMatch(/^bot 42 serves in stage\./);
});

test('when the connection is lost before anything was heard, that is exit status 8', async () => {
  const broken = createServer((socket) => socket.once('data', () => socket.destroy()));
  broken.listen(0, '127.0.0.1');
  await once(broken, 'listening');
  runs(`http://127.0.0.1:${(broken.address() as AddressInfo).port}`, 'right');
  const run = await edwin('deploy bot stage');
  broken.close();
  expect(run).toMatchObject({
    exit: 8,
    err: expect.stringContaining('The connection to Edwin was lost; what was begun goes on.'),
  });
});

test('on a terminal progress is one line that changes', async () => {
  const run = start('deploy bot stage 42', { tty: true });
  const { id } = await begun();
  await until(() => run.err.includes('about to start'), { what: 'progress' });
  fleet.change(id, { state: 'done', finishedAt: new Date() });
  await run.status;
  expect(run.err.startsWith('\r\u001b[Kbot 42 is about to start in stage')).toBe(true);
  expect(run.err.endsWith('\r\u001b[K')).toBe(true);
  expect(run.err).not.toContain('\n');
});

test('a table for people, data for programs', async () => {
  fleet.operations.push(operation({ state: 'done', finishedAt: new Date() }));
  expect((await edwin('history bot')).out).toMatch(/^The last operation of bot\.\nOperation {2}Where/);
  expect(JSON.parse((await edwin('history bot --json')).out)).toMatchObject([{ operation: 812, state: 'done' }]);
});

test('without a running Edwin, or with the wrong token, it says so with exit status 2', async () => {
  runs('http://127.0.0.1:9', 'right');
  expect(await edwin('status')).toEqual({
    exit: 2,
    out: '',
    err: 'Edwin does not run here. Start Edwin first: npx edwin up\n',
  });
  runs(
    (server.server.address() as { port: number }).port
      ? `http://127.0.0.1:${(server.server.address() as { port: number }).port}`
      : '',
    'wrong',
  );
  expect(await edwin('status')).toMatchObject({ exit: 2, err: 'The token is wrong.\n' });
  rmSync(join(folder, '.edwin', 'edwin.json'));
  expect(await edwin('status')).toMatchObject({ exit: 2 });
});

test('completion asks the server, adds its own verbs, and is silent when nothing runs', async () => {
  expect((await edwin('complete bash -- de')).out).toBe('deploy\ndead\n');
  expect((await edwin('complete bash -- deploy bot st')).out).toBe('stage\n');
  expect((await edwin('complete zsh -- u')).out).toBe('up:Start everything on this machine\n');
  rmSync(join(folder, '.edwin', 'edwin.json'));
  expect(await edwin('complete bash -- deploy bot')).toEqual({ exit: 0, out: '', err: '' });
  expect((await edwin('completion bash')).out).toContain('complete -o default -F _edwin edwin');
  expect((await edwin('completion fish')).exit).toBe(2);
});

test('a secret comes from standard input and is never shown', async () => {
  writeFileSync(join(folder, 'edwin.yaml'), readFileSync(join(__dirname, '..', '..', 'edwin.yaml')));
  const run = await edwin('secret set stage MAILER_TOKEN', { input: 'hunter2\n' });
  expect(run).toEqual({
    exit: 0,
    out: 'MAILER_TOKEN of stage is set, version 1. Releases built from now on use it.\n',
    err: '',
  });
  expect(readFileSync(join(folder, '.edwin', 'secrets', 'stage.json'), 'utf8')).toContain('hunter2');
  expect((await edwin('secret set moon MAILER_TOKEN', { input: 'x' })).err).toMatch(
    /There is no environment moon; there are dev, stage or prod/,
  );
  expect((await edwin('secret set stage', { input: 'x' })).exit).toBe(2);
});

test('help, version and manifest need no running Edwin', async () => {
  rmSync(join(folder, '.edwin'), { recursive: true });
  expect((await edwin('help')).out).toContain('edwin deploy <service> <env> [version] [--plan]');
  expect((await edwin('')).out).toContain('Exit status: 0 done');
  expect((await edwin('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(JSON.parse((await edwin('manifest --prefix acme-')).out).features.slash_commands[1].command).toBe(
    '/acme-deploy',
  );
});

test('the program itself ends with the status of the command', async () => {
  const child = spawn(
    process.execPath,
    [join(__dirname, '..', '..', 'bin', 'edwin.js'), 'status', '--data', join(folder, 'none')],
    { stdio: 'ignore' },
  );
  expect(await once(child, 'exit')).toEqual([2, null]);
});
