import type { InboundMessage } from '../../platform/messages';
import { createTestDatabase, type TestDatabase } from '../../test/database';
import { type RunningMailer, startMailer, TOKEN } from './fixture';
import { saveMessages } from './save';

let database: TestDatabase;
let mailer: RunningMailer;

beforeAll(async () => {
  database = await createTestDatabase();
  mailer = await startMailer(database.pool);
});
beforeEach(() => database.pool.query('truncate mailer.messages, mailer.students, mailer.outbox'));
afterAll(async () => {
  await mailer?.close();
  await database?.drop();
});

const message = (mid: string, student = 'anna'): InboundMessage => ({
  mid,
  student,
  page: 'page',
  kind: 'text',
  text: `text of ${mid}`,
  sentAt: '2026-05-01T10:00:00.000Z',
});
const stored = async (student = 'anna') => {
  const { rows } = await database.pool.query(
    'select mid, sequence from mailer.messages where student = $1 order by sequence',
    [student],
  );
  return rows.map(({ mid, sequence }) => [mid, Number(sequence)]);
};
const waiting = async () => {
  const { rows } = await database.pool.query('select id, queue, body from mailer.outbox order by position');
  return rows;
};
const post = (body: unknown, authorization = `Bearer ${TOKEN}`) =>
  fetch(`${mailer.url}/messages`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

test('a batch is numbered in its order, for each student, and its events wait in the outbox', async () => {
  await saveMessages(database.pool, [message('1'), message('2', 'ben'), message('3')]);
  await saveMessages(database.pool, [message('4')]);
  expect(await stored()).toEqual([
    ['1', 1],
    ['3', 2],
    ['4', 3],
  ]);
  expect(await stored('ben')).toEqual([['2', 1]]);
  expect(await waiting()).toMatchObject([
    { id: '1', queue: 'bot.messages', body: { ...message('1'), sequence: 1 } },
    { id: '2', body: { sequence: 1 } },
    { id: '3', body: { sequence: 2 } },
    { id: '4', body: { sequence: 3 } },
  ]);
});

test('a message that comes again changes nothing and leaves no gap', async () => {
  await saveMessages(database.pool, [message('1'), message('1')]);
  const again = await saveMessages(database.pool, [message('1'), message('2')]);
  expect(again.duplicates).toEqual(['1']);
  expect(await stored()).toEqual([
    ['1', 1],
    ['2', 2],
  ]);
  expect(await waiting()).toHaveLength(2);
});

test('a message that is twice in a batch keeps the place of the first', async () => {
  const { saved, duplicates } = await saveMessages(database.pool, [message('1'), message('2'), message('1')]);
  expect([saved.map(({ mid }) => mid), duplicates]).toEqual([['1', '2'], ['1']]);
  expect(await stored()).toEqual([
    ['1', 1],
    ['2', 2],
  ]);
});

test('the same batches at once, in both directions, are stored once and never wait for each other', async () => {
  const students = Array.from({ length: 20 }, (_, index) => `s${index}`);
  const batch = students.map((student) => message(`m-${student}`, student));
  const results = await Promise.all(
    Array.from({ length: 12 }, (_, index) => saveMessages(database.pool, index % 2 === 0 ? batch : batch.toReversed())),
  );
  expect(results.reduce((sum, { saved }) => sum + saved.length, 0)).toBe(20);
  expect(await waiting()).toHaveLength(20);
});

test('many at once for one student are numbered without a gap', async () => {
  await Promise.all(Array.from({ length: 40 }, (_, index) => saveMessages(database.pool, [message(`m${index}`)])));
  expect((await stored()).map(([, sequence]) => sequence)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
});

test('of a batch that fails nothing is stored', async () => {
  const bad = { ...message('2'), text: 'refused by PostgreSQL: \0' };
  await expect(saveMessages(database.pool, [message('1'), bad])).rejects.toThrow();
  expect(await stored()).toEqual([]);
  expect(await waiting()).toEqual([]);
});

test('saved messages are confirmed and the relay is told; duplicates only confirmed', async () => {
  const pokes = mailer.pokes();
  const first = await post({ messages: [message('1'), message('2')] });
  expect([first.status, await first.json()]).toEqual([200, { saved: 2, duplicates: 0 }]);
  const again = await post({ messages: [message('2')] });
  expect([again.status, await again.json()]).toEqual([200, { saved: 0, duplicates: 1 }]);
  expect(mailer.pokes()).toBe(pokes + 1);
});

test.each([
  ['no token', { messages: [message('1')] }, '', 401],
  ['another token', { messages: [message('1')] }, 'Bearer other', 401],
  ['no JSON', '{', undefined, 400],
  ['no messages', { messages: [] }, undefined, 400],
  ['too many', { messages: Array.from({ length: 101 }, (_, index) => message(`${index}`)) }, undefined, 400],
  ['one that is malformed', { messages: [message('1'), { mid: '2' }] }, undefined, 400],
  ['too much', `{"messages":["${'x'.repeat(5_000_000)}"]}`, undefined, 413],
])('%s is refused and nothing is stored', async (_name, body, authorization, status) => {
  expect((await post(body, authorization)).status).toBe(status);
  expect(await stored()).toEqual([]);
});
