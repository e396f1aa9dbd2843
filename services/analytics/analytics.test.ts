import { join } from 'node:path';
import { migrate } from '../../platform/database/migrate';
import type { Graph } from '../../platform/graph/graph';
import { openGraph } from '../../platform/graph/open';
import { silent } from '../../platform/log';
import type { LearningEvent } from '../../platform/messages';
import { createTestDatabase, type TestDatabase } from '../../test/database';
import { until } from '../../test/until';
import { aggregateDays } from './daily';
import { storeEvents } from './events';
import { recordBatch, startRecorder } from './recorder';

let database: TestDatabase;
let graph: Graph;

beforeAll(async () => {
  database = await createTestDatabase();
  await migrate(database.pool, join(__dirname, 'migrations'), 'analytics');
  graph = await openGraph(database.url);
});
beforeEach(() => database.pool.query('truncate analytics.events, analytics.stale_days, analytics.daily'));
afterAll(async () => {
  await graph.close();
  await database.drop();
});

let number = 0;
const answered = (student: string, day: number, correct: boolean, ms: number, level = 'A1'): LearningEvent => ({
  kind: 'item.answered',
  id: `e${++number}`,
  student,
  at: `2025-01-${String(day).padStart(2, '0')}T23:59:59.999Z`,
  item: `${level}-1`,
  skill: 'tenses',
  level,
  correct,
  ms,
});
const placed = (student: string, day: number): LearningEvent => ({
  kind: 'student.placed',
  id: `e${++number}`,
  student,
  at: `2025-01-${day}T00:00:00.000Z`,
  level: 'A1',
});
const active = (student: string, day: number): LearningEvent => ({
  kind: 'student.active',
  id: `e${++number}`,
  student,
  at: `2025-01-${day}T12:00:00.000Z`,
});
const store = (...events: LearningEvent[]) => storeEvents(database.pool, events, false);
const daily = async () => {
  await aggregateDays(database.pool, silent);
  const { rows } = await database.pool.query(
    'select day::text, level, learners, answers, correct, median_ms, sessions, placements from analytics.daily order by day, level',
  );
  return rows;
};

const day15 = () => [
  answered('s1', 15, true, 1000),
  answered('s1', 15, false, 3000),
  answered('s2', 15, true, 2000, 'B1'),
  placed('s1', 15),
  active('s3', 15),
];
const expected15 = [
  { day: '2025-01-15', level: 'A1', learners: 1, answers: 2, correct: 1, median_ms: 2000, sessions: 0, placements: 1 },
  { day: '2025-01-15', level: 'B1', learners: 1, answers: 1, correct: 1, median_ms: 2000, sessions: 0, placements: 0 },
  { day: '2025-01-15', level: 'all', learners: 3, answers: 3, correct: 2, median_ms: 2000, sessions: 0, placements: 1 },
];

test('a day is counted by level and in all, by UTC', async () => {
  await store(...day15(), answered('s1', 16, true, 500));
  const rows = await daily();
  expect(rows.slice(0, 3)).toEqual(expected15);
  expect(rows.slice(3).map(({ day, level, answers }) => [day, level, answers])).toEqual([
    ['2025-01-16', 'A1', 1],
    ['2025-01-16', 'all', 1],
  ]);
});

test('events that come twice, in other batches and orders, count once', async () => {
  const events = day15();
  await store(...events.slice(2), ...events.slice(2));
  await daily();
  await Promise.all([store(...events), store(...[...events].reverse()), store(events[0]!)]);
  expect(await daily()).toEqual(expected15);
});

test('a day is counted again only when it got something new', async () => {
  const events = day15();
  await store(...events);
  expect(await aggregateDays(database.pool, silent)).toBe(1);
  await store(...events);
  expect(await aggregateDays(database.pool, silent)).toBe(0);
});

test('counting while events are stored forgets none', async () => {
  const events = Array.from({ length: 60 }, (_, index) => answered(`s${index}`, 20, true, 100));
  const storing = Promise.all(events.map((event) => store(event)));
  const counting = Promise.all(Array.from({ length: 10 }, () => aggregateDays(database.pool, silent)));
  await Promise.all([storing, counting]);
  expect((await daily()).find(({ level }) => level === 'all')).toMatchObject({ answers: 60, learners: 60 });
});

test('answers and levels reach the graph once, whoever records them and however often', async () => {
  await store(...day15());
  await Promise.all([recordBatch(database.pool, graph), recordBatch(database.pool, graph)]);
  await database.pool.query(
    `update analytics.events set graph_pending = true where kind in ('item.answered', 'student.placed')`,
  );
  expect(await recordBatch(database.pool, graph)).toBeGreaterThan(0);
  expect(await graph.learner('s1')).toMatchObject({
    level: 'A1',
    answers: 2,
    skills: [{ skill: 'tenses', answers: 2, correct: 1, medianMs: 2000 }],
  });
  expect(await recordBatch(database.pool, graph)).toBe(0);
});

test('while the graph is away facts wait, and they arrive when it is back', async () => {
  const fresh = answered('late', 15, true, 700);
  let away = true;
  const flaky: Graph = {
    ...graph,
    record: (facts) => (away ? Promise.reject(new Error('away')) : graph.record(facts)),
  };
  const recorder = startRecorder(database.pool, flaky, silent);
  await store(fresh);
  recorder.poke();
  expect(await daily()).toHaveLength(2);
  expect(await graph.learner('late')).toBeUndefined();
  away = false;
  await until(() => graph.learner('late'), { withinMs: 15_000, what: 'the fact arrives' });
  await recorder.stop();
});
