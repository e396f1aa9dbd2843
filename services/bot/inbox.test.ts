import { join } from 'node:path';
import { migrate } from '../../platform/database/migrate';
import { silent } from '../../platform/log';
import { learningEvent, type Nudge, queues, type Reply, reply, type StudentMessage } from '../../platform/messages';
import type { IncomingMessage } from '../../platform/queue/queue';
import { createTestDatabase, type TestDatabase } from '../../test/database';
import { createInbox, type Inbox } from './inbox';
import { createBank, loadBank } from './teaching/bank';
import { seededRandom, shuffled } from './teaching/random';

const start = Date.parse('2025-03-10T10:00:00.000Z');
const texts = [
  'hi',
  'skip',
  'progress',
  'works',
  'a',
  'time zone Europe/Berlin',
  'B',
  'help',
  'skip',
  'stop reminders',
];
let database: TestDatabase;
let inbox: Inbox;

const message = (student: string, sequence: number, text = texts[(sequence - 1) % texts.length]!): StudentMessage => ({
  mid: `m_${student}_${sequence}`,
  student,
  page: 'p',
  kind: 'text',
  text,
  sentAt: new Date(start + sequence * 1000).toISOString(),
  sequence,
});
const delivery = (body: { mid: string } | { id: string }, attempt = 1): IncomingMessage => ({
  id: 'mid' in body ? body.mid : body.id,
  body,
  headers: {},
  attempt,
  publishedAt: new Date(start),
});
const open = (bank = loadBank()) =>
  createInbox({
    pool: database.pool,
    teaching: { bank, placementItems: 8 },
    log: silent,
    told: () => undefined,
    now: () => new Date(start + 3_600_000),
  });
const outbox = async (queue: string): Promise<unknown[]> =>
  (await database.pool.query('select body from bot.outbox where queue = $1 order by position', [queue])).rows.map(
    ({ body }) => body,
  );
const replies = async (student?: string): Promise<Reply[]> =>
  (await outbox(queues.replies))
    .map((body) => reply.parse(body))
    .filter((one) => student === undefined || one.student === student);

beforeAll(async () => {
  database = await createTestDatabase();
  await migrate(database.pool, join(__dirname, 'migrations'), 'bot');
});
beforeEach(async () => {
  await database.pool.query('truncate bot.students, bot.inbox, bot.nudges, bot.outbox');
  inbox = open();
});
afterAll(() => database.drop());

/** Every student has exactly one reply per message, in order, numbered without a gap. */
function expectExactlyOnce(said: readonly Reply[], students: readonly string[], messages: number): void {
  for (const student of students) {
    const own = said.filter((one) => one.student === student);
    expect(own.map(({ sequence }) => sequence)).toEqual(Array.from({ length: messages }, (_, index) => index + 1));
    expect(own.map(({ inReplyTo }) => inReplyTo)).toEqual(own.map(({ sequence }) => `m_${student}_${sequence}`));
  }
  expect(said).toHaveLength(students.length * messages);
}

test.each([1, 2, 3])(
  'messages of 50 students, each delivered one to three times in any order by ten hands of two instances, are answered once and in order (seed %d)',
  async (seed) => {
    const random = seededRandom(`permutation ${seed}`);
    const students = Array.from({ length: 50 }, (_, index) => `s${index}`);
    const deliveries = students.flatMap((student) =>
      texts.flatMap((_, index) =>
        Array.from({ length: 1 + Math.floor(random() * 3) }, () => message(student, index + 1)),
      ),
    );
    const waiting = shuffled(deliveries, random);
    const instances = [inbox, open()];
    const work = async (hand: number): Promise<void> => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop())
        await instances[hand % 2]!.take(delivery(next));
    };
    await Promise.all(Array.from({ length: 10 }, (_, hand) => work(hand)));

    expectExactlyOnce(await replies(), students, texts.length);
    const events = (await outbox(queues.analytics)).map((body) => learningEvent.parse(body));
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
    const { rows } = await database.pool.query(
      'select count(*)::int as waiting from bot.inbox where handled_at is null',
    );
    expect(rows[0]).toEqual({ waiting: 0 });
  },
);

test('order of delivery does not change what a student is told', async () => {
  for (let sequence = 1; sequence <= 10; sequence++) await inbox.take(delivery(message('s1', sequence)));
  const inOrder = await replies();
  await database.pool.query('truncate bot.students, bot.inbox, bot.outbox');
  for (let sequence = 10; sequence >= 1; sequence--) await inbox.take(delivery(message('s1', sequence)));
  expect(await replies()).toEqual(inOrder);
});

test('a missing message stops its student and nobody else, and the one who brings it continues', async () => {
  await inbox.take(delivery(message('s1', 2)));
  await inbox.take(delivery(message('s1', 3)));
  await inbox.take(delivery(message('s2', 1)));
  expect((await replies()).map(({ student }) => student)).toEqual(['s2']);
  await inbox.take(delivery(message('s1', 1)));
  expectExactlyOnce(await replies('s1'), ['s1'], 3);
});

test('after a crash between two messages, the redelivery of the first continues with the second', async () => {
  await inbox.take(delivery(message('s1', 2)));
  await inbox.take(delivery(message('s1', 1)));
  await database.pool.query(
    `insert into bot.inbox (student, sequence, mid, body, headers) values ('s1', 3, 'm_s1_3', $1, '{}')`,
    [message('s1', 3)],
  );
  await inbox.take(delivery(message('s1', 2), 2));
  expectExactlyOnce(await replies('s1'), ['s1'], 3);
});

test('the sweep finds messages that nobody is at', async () => {
  await inbox.take(delivery(message('s1', 1)));
  await database.pool.query(
    `insert into bot.inbox (student, sequence, mid, body, headers, received_at) values ('s1', 2, 'm_s1_2', $1, '{}', now() - interval '1 minute')`,
    [message('s1', 2)],
  );
  expect(await inbox.sweep()).toBe(1);
  expectExactlyOnce(await replies('s1'), ['s1'], 2);
  expect(await inbox.sweep()).toBe(0);
});

test('a message that comes again under a second number is not answered again, and its followers are', async () => {
  await inbox.take(delivery(message('s1', 1)));
  await inbox.take(delivery({ ...message('s1', 2), mid: 'm_s1_1' }));
  await inbox.take(delivery(message('s1', 3)));
  expect((await replies('s1')).map(({ sequence, inReplyTo }) => [sequence, inReplyTo])).toEqual([
    [1, 'm_s1_1'],
    [2, 'm_s1_3'],
  ]);
});

test('a transaction that fails leaves nothing, and the redelivery answers', async () => {
  await database.pool.query('alter table bot.outbox add constraint broken check (false) not valid');
  await expect(inbox.take(delivery(message('s1', 1)))).rejects.toThrow('broken');
  await database.pool.query('alter table bot.outbox drop constraint broken');
  expect((await database.pool.query('select from bot.students where next_sequence > 1')).rowCount).toBe(0);
  await inbox.take(delivery(message('s1', 1), 2));
  expectExactlyOnce(await replies(), ['s1'], 1);
});

test('teaching that keeps failing is answered with an apology, after attempts for a better release', async () => {
  const broken = open(createBank([]));
  await expect(broken.take(delivery(message('s1', 1), 1))).rejects.toThrow();
  await expect(broken.take(delivery(message('s1', 1), 2))).rejects.toThrow();
  await broken.take(delivery(message('s1', 1), 3));
  await inbox.take(delivery(message('s1', 2)));
  const said = await replies('s1');
  expect(said.map(({ sequence }) => sequence)).toEqual([1, 2]);
  expect(said[0]!.text).toContain('Sorry');
  expect(said[1]!.text).toContain('I’m Edwin');
});

test('a body that is no message is refused', async () => {
  await expect(inbox.take({ ...delivery(message('s1', 1)), body: { mid: 'x' } })).rejects.toThrow();
});

test('ids of replies stay within their limit for the longest message id', async () => {
  await inbox.take(delivery({ ...message('s1', 1), mid: 'm'.repeat(256) }));
  expect((await replies())[0]!.id).toMatch(/^r:[0-9a-f]{64}:1$/);
});

test('the scheduler is told who is there, analytics is told everything', async () => {
  for (let sequence = 1; sequence <= 10; sequence++) await inbox.take(delivery(message('s1', sequence)));
  const kinds = async (queue: string) => new Set((await outbox(queue)).map((body) => learningEvent.parse(body).kind));
  expect(await kinds(queues.scheduler)).toEqual(new Set(['student.active', 'session.started', 'reminders.changed']));
  expect(await kinds(queues.analytics)).toContain('item.answered');
});

describe('a nudge', () => {
  const nudge = (kind: Nudge['kind'], fields: Partial<Nudge> = {}): Nudge => ({
    id: `${kind}:s1:x`,
    student: 's1',
    kind,
    dueAt: new Date(start + 3_000_000).toISOString(),
    ...fields,
  });

  test('reminds once, however often and by whomever it is delivered', async () => {
    await inbox.take(delivery(message('s1', 1)));
    const other = open();
    await Promise.all(
      Array.from({ length: 8 }, (_, index) => [inbox, other][index % 2]!.nudge(delivery(nudge('reminder')))),
    );
    const said = await replies('s1');
    expect(said.map(({ sequence, inReplyTo }) => [sequence, inReplyTo])).toEqual([
      [1, 'm_s1_1'],
      [2, undefined],
    ]);
    expect(said[1]).toMatchObject({ id: 'r:reminder:s1:x:1', windowStart: message('s1', 1).sentAt });
  });

  test('ends a session once and tells it to both readers', async () => {
    await inbox.take(delivery(message('s1', 1)));
    await inbox.nudge(delivery(nudge('session_expired')));
    await inbox.nudge(delivery(nudge('session_expired'), 2));
    for (const queue of [queues.analytics, queues.scheduler]) {
      expect((await outbox(queue)).filter((body) => learningEvent.parse(body).kind === 'session.ended')).toHaveLength(
        1,
      );
    }
    expect(await replies()).toHaveLength(1);
  });

  test('takes its turn between messages without a gap in the replies', async () => {
    const work = Array.from({ length: 10 }, (_, index) => inbox.take(delivery(message('s1', index + 1))));
    await Promise.all([...work, inbox.nudge(delivery(nudge('reminder')))]);
    const sequences = (await replies('s1')).map(({ sequence }) => sequence);
    expect(sequences).toEqual(Array.from({ length: sequences.length }, (_, index) => index + 1));
  });
});
