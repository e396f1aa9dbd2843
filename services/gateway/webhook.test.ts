import { createHmac } from 'node:crypto';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { silent } from '../../platform/log';
import { createTestDatabase, type TestDatabase } from '../../test/database';
import { until } from '../../test/until';
import { type RunningMailer, startMailer, TOKEN } from '../mailer/fixture';
import { mailerAt } from './mailer';
import type { Echo } from './parse';
import { webhookServer } from './webhook';

const SECRET = 'app secret';
let database: TestDatabase;
let mailer: RunningMailer;
let server: Server;
let url: string;
const echoes: Echo[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  mailer = await startMailer(database.pool);
  const app = webhookServer({
    appSecret: SECRET,
    verifyToken: 'verify me',
    mailer: mailerAt(mailer.url, TOKEN),
    settle: async (found) => void echoes.push(...found),
    log: silent,
  });
  await app.ready();
  server = createServer(app.routing).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook`;
});
beforeEach(() => database.pool.query('truncate mailer.messages, mailer.students, mailer.outbox'));
afterAll(async () => {
  server?.closeAllConnections();
  server?.close();
  await mailer?.close();
  await database?.drop();
});

const sign = (raw: string) => `sha256=${createHmac('sha256', SECRET).update(raw).digest('hex')}`;
const textOf = (mid: string, student = 'anna') => ({
  sender: { id: student },
  recipient: { id: 'page' },
  timestamp: 1_777_000_000_000,
  message: { mid, text: `text of ${mid} — é` },
});
const call = (...messaging: unknown[]) =>
  JSON.stringify({ object: 'page', entry: [{ id: 'page', time: 1, messaging }] });
const post = (raw: string, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    body: raw,
    headers: { 'content-type': 'application/json', 'x-hub-signature-256': sign(raw), ...headers },
  });
const mids = async () => {
  const { rows } = await database.pool.query<{ mid: string }>(
    'select mid from mailer.messages order by student, sequence',
  );
  return rows.map(({ mid }) => mid);
};

test.each([
  ['the right token', 'hub.mode=subscribe&hub.verify_token=verify%20me&hub.challenge=1158201444', 200, '1158201444'],
  ['a wrong token', 'hub.mode=subscribe&hub.verify_token=guess&hub.challenge=1', 403, 'refused: verify_token'],
  ['no token', 'hub.mode=subscribe&hub.challenge=1', 403, 'refused: verify_token'],
  ['another mode', 'hub.mode=unsubscribe&hub.verify_token=verify%20me&hub.challenge=1', 403, 'refused: verify_token'],
  [
    'the token twice',
    'hub.mode=subscribe&hub.verify_token=verify%20me&hub.verify_token=x&hub.challenge=1',
    403,
    'refused: verify_token',
  ],
])('a subscription with %s is answered', async (_name, query, status, text) => {
  const response = await fetch(`${url}?${query}`);
  expect([response.status, await response.text()]).toEqual([status, text]);
  expect(response.headers.get('content-type')).toContain('text/plain');
});

test('a batch is saved in its order before it is answered with 200', async () => {
  expect((await post(call(textOf('1'), textOf('2'), textOf('3')))).status).toBe(200);
  expect(await mids()).toEqual(['1', '2', '3']);
});

test('a call that comes again is answered with 200 and stored once', async () => {
  const raw = call(textOf('1'));
  expect([(await post(raw)).status, (await post(raw)).status]).toEqual([200, 200]);
  expect(await mids()).toEqual(['1']);
});

test('more messages than the mailer takes at once are all saved, in order', async () => {
  const many = Array.from({ length: 250 }, (_, index) => `m${String(index).padStart(3, '0')}`);
  expect((await post(call(...many.map((mid) => textOf(mid))))).status).toBe(200);
  expect(await mids()).toEqual(many);
});

test('an echo settles a send and is no message', async () => {
  const echo = {
    sender: { id: 'page' },
    recipient: { id: 'anna' },
    message: { mid: 'm', is_echo: true, metadata: 'r1', text: 'x' },
  };
  expect((await post(call(echo))).status).toBe(200);
  expect(echoes).toEqual([{ student: 'anna', mid: 'm', metadata: 'r1' }]);
  expect(await mids()).toEqual([]);
});

const raw = call(textOf('1'));
test.each([
  ['no signature', raw, { 'x-hub-signature-256': '' }, 403],
  ['the signature of another body', raw, { 'x-hub-signature-256': sign(`${raw} `) }, 403],
  ['a body that is not JSON', '{"object":"page"', {}, 400],
  ['no body', '', {}, 400],
  ['the object of another product', JSON.stringify({ object: 'instagram', entry: [] }), {}, 404],
  ['another content type', raw, { 'content-type': 'text/plain' }, 415],
  ['more than 1 MiB', JSON.stringify({ object: 'page', entry: ['x'.repeat(1024 * 1024)] }), {}, 413],
])('%s is refused and nothing is stored', async (_name, body, headers, status) => {
  expect((await post(body, headers as Record<string, string>)).status).toBe(status);
  expect(await mids()).toEqual([]);
});

test('a webhook whose caller goes away is harmless: delivered again, it is stored once', async () => {
  const body = call(textOf('1'));
  const aborted = request(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-hub-signature-256': sign(body),
      'content-length': Buffer.byteLength(body),
    },
  });
  aborted.on('error', () => undefined);
  aborted.end(body, () => setImmediate(() => aborted.destroy()));
  expect((await post(body)).status).toBe(200);
  await until(async () => (await mids()).length === 1, { what: 'the message is stored' });
});

test('while the mailer is away a call is answered with 503 within 12 s, before Facebook gives up, and with 200 when it is back', async () => {
  const port = Number(new URL(mailer.url).port);
  await mailer.close();
  const began = Date.now();
  expect((await post(raw)).status).toBe(503);
  expect(Date.now() - began).toBeLessThan(12_000);
  const answer = post(raw);
  mailer = await startMailer(database.pool, port);
  expect((await answer).status).toBe(200);
  expect(await mids()).toEqual(['1']);
});

test('100 messages a second are each answered within a second', async () => {
  let slowest = Number.POSITIVE_INFINITY;
  // a machine that is busy with something else gets another chance
  for (let round = 1; round <= 3 && slowest >= 1_000; round++) {
    const durations = await callAtRate(200, 100, `round-${round}`);
    slowest = durations.at(-1)!;
    const shown = [durations[100], durations[197], slowest].map((ms) => ms?.toFixed(1));
    process.stdout.write(`webhook at 100/s: median ${shown[0]} ms, p99 ${shown[1]} ms, most ${shown[2]} ms\n`);
    if (Number.isFinite(slowest))
      expect((await mids()).filter((mid) => mid.startsWith(`round-${round}-`))).toHaveLength(200);
  }
  expect(slowest).toBeLessThan(1_000);
});

/** Durations, sorted, infinite without a 200, of `count` calls that begin at the times of the rate, however long the answers take. */
async function callAtRate(count: number, perSecond: number, name: string): Promise<number[]> {
  const began = performance.now();
  const calls = Array.from({ length: count }, async (_, index) => {
    await pause(began + (index * 1_000) / perSecond - performance.now());
    const start = performance.now();
    const { status } = await post(call(textOf(`${name}-${index}`, `s${index % 40}`)));
    return status === 200 ? performance.now() - start : Number.POSITIVE_INFINITY;
  });
  return (await Promise.all(calls)).sort((a, b) => a - b);
}
