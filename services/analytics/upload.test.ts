import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { migrate } from '../../platform/database/migrate';
import type { LogFields, Logger } from '../../platform/log';
import type { LearningEvent } from '../../platform/messages';
import { createTestDatabase, type TestDatabase } from '../../test/database';
import { storeEvents } from './events';
import type { Ga4Request } from './ga4';
import { uploadWaiting } from './upload';

const start = Date.UTC(2025, 0, 15, 10);
const SECRET = 'very-secret-key';
let database: TestDatabase;
let server: Server;
let endpoint: string;
let status = 204;
let received: { url: URL; headers: Record<string, unknown>; request: Ga4Request }[] = [];
const logged: string[] = [];

const listen = (fields: LogFields, text: string): void => void logged.push(JSON.stringify({ ...fields, text }));
const log: Logger = { debug: listen, info: listen, warn: listen, error: listen, child: () => log };

beforeAll(async () => {
  database = await createTestDatabase();
  await migrate(database.pool, join(__dirname, 'migrations'), 'analytics');
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      const parsed = JSON.parse(body) as Ga4Request;
      received.push({ url: new URL(request.url ?? '', endpoint), headers: request.headers, request: parsed });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mp/collect`;
});
beforeEach(async () => {
  await database.pool.query('truncate analytics.events, analytics.stale_days');
  status = 204;
  received = [];
  logged.length = 0;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await database.drop();
});

const minutes = (count: number) => new Date(Date.now() + count * 60_000);
const uploadAt = (now: Date, to = endpoint) =>
  uploadWaiting({ pool: database.pool, log, endpoint: to, measurementId: 'G-TEST', apiSecret: SECRET, now: () => now });
const active = (student: string, number: number, at = new Date()): LearningEvent => ({
  kind: 'student.active',
  id: `${student}:${number}`,
  student,
  at: at.toISOString(),
});
const many = (student: string, count: number) => Array.from({ length: count }, (_, number) => active(student, number));
const waiting = async () =>
  (await database.pool.query('select id from analytics.events where upload_at is not null')).rowCount;

test('events are sent in requests of one student each, with the key in the query and none of it in a log', async () => {
  await storeEvents(database.pool, [...many('s1', 30), ...many('s2', 2)], true);
  expect(await uploadAt(minutes(1))).toBe(32);
  expect(received.map(({ request }) => request.events.length).sort((a, b) => a - b)).toEqual([2, 5, 25]);
  for (const { url, headers, request } of received) {
    expect(Object.fromEntries(url.searchParams)).toEqual({ measurement_id: 'G-TEST', api_secret: SECRET });
    expect(headers['content-type']).toBe('application/json');
    expect(JSON.stringify(request)).not.toMatch(/s1|s2/);
  }
  expect(await waiting()).toBe(0);
  expect(logged.join()).toContain('upload.done');
  expect(logged.join()).not.toContain(SECRET);
});

test('several instances at once send every event once', async () => {
  await storeEvents(
    database.pool,
    Array.from({ length: 500 }, (_, index) => active(`s${index % 40}`, index)),
    true,
  );
  await Promise.all(Array.from({ length: 4 }, () => uploadAt(minutes(1))));
  expect(received.reduce((sum, { request }) => sum + request.events.length, 0)).toBe(500);
});

test('a server that fails gets them again after a pause that grows, and later ones are not lost', async () => {
  await storeEvents(database.pool, many('s1', 3), true);
  status = 503;
  expect(await uploadAt(minutes(1))).toBe(0);
  expect(logged.join()).toContain('status 503');
  status = 204;
  expect(await uploadAt(minutes(1.4))).toBe(0);
  status = 503;
  expect(await uploadAt(minutes(1.6))).toBe(0);
  status = 204;
  expect(await uploadAt(minutes(2.3))).toBe(0);
  expect(await uploadAt(minutes(2.7))).toBe(3);
  expect(received).toHaveLength(3);
});

test('an endpoint that is not there is one request and a sentence without the key', async () => {
  await storeEvents(database.pool, [...many('s1', 3), ...many('s2', 3)], true);
  expect(await uploadAt(minutes(1), 'http://127.0.0.1:1/mp/collect')).toBe(0);
  expect(await waiting()).toBe(6);
  expect(logged.join()).toMatch(/no answer from 127\.0\.0\.1:1 /);
  expect(logged.join()).not.toContain(SECRET);
});

test('a redirect is not followed, since it would carry the key elsewhere', async () => {
  await storeEvents(database.pool, many('s1', 1), true);
  status = 307;
  expect(await uploadAt(minutes(1))).toBe(0);
  expect(received).toHaveLength(1);
});

test('events older than 72 hours are dropped and said so', async () => {
  await storeEvents(database.pool, [active('s1', 1, new Date(start)), active('s1', 2)], true);
  expect(await uploadAt(minutes(1))).toBe(1);
  expect(await waiting()).toBe(0);
  expect(logged.join()).toContain('too old');
});

test('without a key nothing is marked for upload', async () => {
  await storeEvents(database.pool, many('s1', 3), false);
  expect(await waiting()).toBe(0);
  expect(await uploadAt(minutes(1))).toBe(0);
  expect(received).toHaveLength(0);
});
