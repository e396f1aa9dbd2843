import { join } from 'node:path';
import { migrate } from '../../platform/database/migrate';
import { silent } from '../../platform/log';
import { type LearningEvent, type Nudge, nudge } from '../../platform/messages';
import { createTestDatabase, type TestDatabase } from '../../test/database';
import type { Settings } from './due';
import { learnFrom } from './store';
import { tick } from './tick';

const HOUR = 3_600_000;
const start = Date.UTC(2025, 0, 15, 10);
const settings: Settings = {
  reminderAfterMs: 20 * HOUR,
  sessionMs: HOUR / 2,
  quiet: { from: 0, to: 0 },
  defaultTimeZone: 'UTC',
};
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  await migrate(database.pool, join(__dirname, 'migrations'), 'scheduler');
});
beforeEach(() => database.pool.query('truncate scheduler.students, scheduler.outbox'));
afterAll(() => database.drop());

const at = (hours: number) => new Date(start + hours * HOUR);
const active = (student: string, hours = 0): LearningEvent => ({
  kind: 'student.active',
  id: `a:${student}:${hours}`,
  student,
  at: at(hours).toISOString(),
});
const began = (student: string, hours = 0): LearningEvent => ({
  kind: 'session.started',
  id: `b:${student}:${hours}`,
  student,
  at: at(hours).toISOString(),
});
const learn = (...events: LearningEvent[]) => learnFrom(database.pool, events, settings, at(0));
const tickAt = (hours: number, stopping?: AbortSignal) =>
  tick({
    pool: database.pool,
    settings,
    log: silent,
    told: () => undefined,
    now: () => at(hours),
    ...(stopping && { stopping }),
  });
const written = async (): Promise<Nudge[]> =>
  (await database.pool.query('select body from scheduler.outbox order by position')).rows.map(({ body }) =>
    nudge.parse(body),
  );
const crowd = Array.from({ length: 1300 }, (_, index) => `s${index}`);

test('a silent student is nudged at the end of the session and reminded later, each once', async () => {
  await learn(began('s1'), active('s1'));
  expect(await tickAt(0.4)).toBe(0);
  expect(await tickAt(0.5)).toBe(1);
  expect(await tickAt(0.6)).toBe(0);
  expect(await tickAt(20)).toBe(1);
  expect(await tickAt(21)).toBe(0);
  expect((await written()).map(({ kind }) => kind)).toEqual(['session_expired', 'reminder']);
});

test('a student who writes again is due later', async () => {
  await learn(active('s1'));
  await learn(active('s1', 2));
  expect(await tickAt(21)).toBe(0);
  expect(await tickAt(22)).toBe(1);
});

test('events that come again after the reminder do not bring it back', async () => {
  await learn(active('s1'));
  await tickAt(20);
  await learn(active('s1'));
  expect(await tickAt(20.5)).toBe(0);
});

test('several schedulers that tick at once nudge 1,300 students once each', async () => {
  for (let index = 0; index < crowd.length; index += 100)
    await learn(...crowd.slice(index, index + 100).map((name) => active(name)));
  const counts = await Promise.all(Array.from({ length: 4 }, () => tickAt(20)));
  await tickAt(20);
  expect(counts.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(crowd.length);
  const ids = (await written()).map(({ id }) => id);
  expect(new Set(ids).size).toBe(crowd.length);
  expect(ids).toHaveLength(crowd.length);
});

test('a tick that fails in the middle marks nobody, and the next one makes up for it', async () => {
  await learn(active('s1'), active('s2'));
  await database.pool.query('alter table scheduler.outbox add constraint broken check (false) not valid');
  await expect(tickAt(20)).rejects.toThrow('broken');
  await database.pool.query('alter table scheduler.outbox drop constraint broken');
  expect(await tickAt(21)).toBe(2);
});

test('a tick stops between batches when the program stops', async () => {
  await learn(active('s1'));
  expect(await tickAt(20, AbortSignal.abort())).toBe(0);
});

test('batches of events about the same students, learnt by two instances at once, end with the newest facts', async () => {
  const names = crowd.slice(0, 40);
  const batch = (hours: number) => names.map((name) => active(name, hours));
  await Promise.all([3, 1, 4, 2].map((hours) => learn(...(hours % 2 ? batch(hours) : batch(hours).reverse()))));
  const { rows } = await database.pool.query('select distinct last_active from scheduler.students');
  expect(rows).toEqual([{ last_active: at(4) }]);
});

test('a tick finds what is due by the index, however many students there are', async () => {
  await database.pool.query(
    `insert into scheduler.students (id, last_active, next_due_at) select 's' || n, now(), now() + n * interval '1 minute' from generate_series(1, 20000) n`,
  );
  await database.pool.query('analyze scheduler.students');
  const { rows } = await database.pool.query(
    'explain select id from scheduler.students where next_due_at <= now() order by next_due_at limit 500 for update skip locked',
  );
  expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('students_due');
});
