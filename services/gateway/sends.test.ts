import { createTestDatabase } from '../../test/database';
import { until } from '../../test/until';
import { type RunningGateway, replyTo, type Surroundings, startGateway, startSurroundings } from './fixture';

let around: Surroundings;
let gateway: RunningGateway;
let count = 0;
let student: string;

beforeAll(async () => {
  around = await startSurroundings();
  gateway = await startGateway(around);
});
beforeEach(async () => {
  student = `student-${++count}`;
  await around.greet(student);
  await around.messenger.faults();
});
afterAll(async () => {
  await gateway?.stop();
  await around?.close();
});

const row = async (sequence: number) => {
  const { rows } = await around.database.pool.query(
    'select * from gateway.sends where student = $1 and sequence = $2',
    [student, sequence],
  );
  return rows[0];
};
const shows = (...texts: string[]) =>
  until(async () => (await around.shown(student)).length >= texts.length, {
    what: `${student} sees ${texts.length} replies`,
  }).then(async () => expect(await around.shown(student)).toEqual(texts));
const reaches = (sequence: number, state: string) =>
  until(async () => (await row(sequence))?.state === state, { what: `reply ${sequence} is ${state}` });

test('a reply reaches the student with its quick replies and its id as metadata', async () => {
  await gateway.take({ ...replyTo(student, 1, 'Ready?'), quickReplies: [{ title: 'Yes', payload: 'YES' }] });
  await shows('Ready?');
  expect((await around.messenger.conversation(student)).at(-1)).toMatchObject({
    quickReplies: [{ title: 'Yes', payload: 'YES' }],
    metadata: `r-${student}-1`,
  });
});

test('replies that arrive in any order, some twice, are sent in theirs, once', async () => {
  const replies = [3, 1, 2, 5, 2, 4, 1, 6].map((sequence) => replyTo(student, sequence));
  await Promise.all(replies.map((reply) => gateway.take(reply)));
  await shows('1', '2', '3', '4', '5', '6');
});

test('a gap is waited for', async () => {
  await gateway.take(replyTo(student, 1), replyTo(student, 3));
  await shows('1');
  expect((await row(3)).state).toBe('queued');
  await gateway.take(replyTo(student, 2));
  await shows('1', '2', '3');
});

test('a permanent error fails its reply with the code, and the next one goes on', async () => {
  await around.messenger.faults({ kind: 'unavailable', student });
  await gateway.take(replyTo(student, 1), replyTo(student, 2));
  await shows('2');
  expect(await row(1)).toMatchObject({ state: 'failed', failure: expect.stringContaining('551/1545041') });
});

test('outside the 24-hour window nothing is sent, and the reason is kept', async () => {
  await gateway.take(replyTo(student, 1, 'late', new Date(Date.now() - 24 * 3_600_000)), replyTo(student, 2));
  await shows('2');
  expect(await row(1)).toMatchObject({ state: 'failed', attempt: 0, failure: expect.stringContaining('window') });
});

test('a rate limit delays replies and loses none', async () => {
  await around.messenger.faults({ kind: 'limit', times: 2 });
  await gateway.take(replyTo(student, 1), replyTo(student, 2));
  await shows('1', '2');
  expect(await row(1)).toMatchObject({ state: 'sent', rejections: 2, attempt: 1 });
});

test('a temporary failure is tried again', async () => {
  await around.messenger.faults({ kind: 'temporary', times: 2, student });
  await gateway.take(replyTo(student, 1));
  await shows('1');
});

test('a refused token stops all sends, is told, and loses nothing', async () => {
  await around.messenger.faults({ kind: 'token', student });
  await gateway.take(replyTo(student, 1));
  await until(() => gateway.gate.problem(), { what: 'the refusal is told' });
  expect(gateway.gate.problem()).toContain('190');
  await reaches(1, 'queued');
  await gateway.stop();
  gateway = await startGateway(around); // with a token that is right, as a new release would have
  await shows('1');
});

test('a lost answer is settled by the echo, and the reply is not sent again', async () => {
  await around.messenger.faults({ kind: 'lose-answer', student });
  await gateway.take(replyTo(student, 1), replyTo(student, 2));
  await shows('1', '2');
  expect(await row(1)).toMatchObject({ state: 'sent', attempt: 1, looks: 0 });
});

test('without an echo it is settled by the conversation, even between replies of the same words', async () => {
  await gateway.take(replyTo(student, 1, 'Correct!'));
  await shows('Correct!');
  await around.messenger.faults({ kind: 'lose-answer-and-echo', student });
  await gateway.take(replyTo(student, 2, 'Correct!'), replyTo(student, 3, 'Correct!'));
  await reaches(3, 'sent');
  await shows('Correct!', 'Correct!', 'Correct!');
  const shown = await around.messenger.conversation(student);
  expect((await row(2)).message_id).toBe(shown.find(({ metadata }) => metadata === `r-${student}-2`)?.mid);
});

test('a request that was lost before it arrived is sent again, once', async () => {
  await around.messenger.faults({ kind: 'lose-request', student });
  await gateway.take(replyTo(student, 1), replyTo(student, 2));
  await shows('1', '2');
  expect(await row(1)).toMatchObject({ attempt: 2 });
});

test('an unknown error of Messenger is settled before the reply is sent again', async () => {
  await around.messenger.faults({ kind: 'unknown', student });
  await gateway.take(replyTo(student, 1));
  await shows('1');
});

test('two gateways at once neither repeat nor reorder', async () => {
  const first = around.webhook;
  const second = await startGateway(around);
  const students = Array.from({ length: 12 }, (_, index) => `${student}-${index}`);
  await around.greet(...students);
  const replies = students.flatMap((one) => Array.from({ length: 8 }, (_, index) => replyTo(one, index + 1)));
  const shuffled = replies.map((reply) => ({ reply, key: Math.random() })).sort((a, b) => a.key - b.key);
  await Promise.all(shuffled.map(({ reply }, index) => (index % 2 === 0 ? gateway : second).take(reply)));
  for (const one of students) {
    await until(async () => (await around.shown(one)).length >= 8, { what: `${one} sees 8 replies` });
    expect(await around.shown(one)).toEqual(['1', '2', '3', '4', '5', '6', '7', '8']);
  }
  around.webhook = first;
  await second.stop();
});

test('a gateway that stops hands over what it did not send', async () => {
  await gateway.stop();
  await gateway.take(...Array.from({ length: 5 }, (_, index) => replyTo(student, index + 1)));
  gateway = await startGateway(around);
  await shows('1', '2', '3', '4', '5');
});

test('when every database connection is lost for a moment, nothing is lost or sent twice', async () => {
  const admin = await createTestDatabase();
  const sending = gateway.take(...Array.from({ length: 30 }, (_, index) => replyTo(student, index + 1)));
  await sending;
  await admin.pool.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [
    new URL(around.database.url).pathname.slice(1),
  ]);
  await shows(...Array.from({ length: 30 }, (_, index) => `${index + 1}`));
  await admin.drop();
});
