import { silent } from '../../platform/log';
import { type LearningEvent, type Nudge, nudge, queues } from '../../platform/messages';
import { openQueue } from '../../platform/queue/open';
import type { Queue } from '../../platform/queue/queue';
import { createTestDatabase, type TestDatabase } from '../../test/database';
import { startProgram, type TestProgram } from '../../test/program';
import { until } from '../../test/until';

let database: TestDatabase;
let queue: Queue;
const running: TestProgram[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  queue = await openQueue(database.url, silent);
});
afterAll(async () => {
  await Promise.all(running.map((program) => program.stop()));
  await queue.close();
  await database.drop();
});

const start = async (env: Record<string, string> = {}) => {
  const connections = { DATABASE_URL: database.url, QUEUE_URL: database.url };
  const program = await startProgram('services/scheduler/main.ts', { ...connections, TICK: '* * * * * *', ...env });
  running.push(program);
  return program;
};

test('two schedulers on one database nudge each student once, also for what was missed while none ran', async () => {
  const students = Array.from({ length: 40 }, (_, index) => `s${index}`);
  const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
  const started = students.map(
    (student): LearningEvent => ({ kind: 'session.started', id: `b:${student}`, student, at: hourAgo }),
  );
  const active = students.map(
    (student): LearningEvent => ({ kind: 'student.active', id: `a:${student}`, student, at: hourAgo }),
  );
  const nudges: Nudge[] = [];
  await queue.consume(queues.nudges, { concurrency: 10 }, async ({ body }) => void nudges.push(nudge.parse(body)));
  await queue.publish(
    queues.scheduler,
    [...started, ...active].map((body) => ({ id: body.id, body })),
  );

  const [first] = await Promise.all([start(), start()]);
  await until(async () => (await fetch(`${first.url}/healthz`)).ok, { what: 'the first is well' });
  await until(() => nudges.length >= students.length, { withinMs: 15_000, what: 'every session expires' });
  expect(nudges.map(({ student }) => student).sort()).toEqual([...students].sort());
  expect(new Set(nudges.map(({ kind }) => kind))).toEqual(new Set(['session_expired']));
}, 60_000);

test.each([
  ['TICK', 'every now and then', 'no cron pattern'],
  ['DEFAULT_TIME_ZONE', 'Mars/Phobos', 'no time zone'],
  ['QUIET_FROM', '25:00', 'QUIET_FROM'],
])('it does not start when %s is “%s”', async (name, value, expected) => {
  await expect(start({ [name]: value })).rejects.toThrow(expected);
});
