import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '../../test/database';
import { migrate } from '../database/migrate';
import { type Hold, type Journal, openJournal } from './journal';
import { forwardSteps } from './plan';

let database: TestDatabase;
let journal: Journal;

beforeAll(async () => {
  database = await createTestDatabase();
  await migrate(database.pool, join(__dirname, 'migrations'), 'fleet');
  journal = openJournal(database.pool);
  await database.pool.query(
    `INSERT INTO fleet.releases (service, number, image, commit, subject, author, created_by, snapshot, snapshot_digest)
     SELECT 'web', number, 'sha256:' || number, '', '', '', 'ada', '{}', '' FROM generate_series(1, 2) AS number`,
  );
});
afterAll(() => database.drop());

async function insert(environment: string): Promise<number> {
  const { rows } = await database.pool.query<{ id: string }>(
    `INSERT INTO fleet.operations (kind, service, environment, to_release, requested_by, phase, wanted, key)
     VALUES ('deployment', 'web', $1, 1, 'ada', 'about to start', 2, gen_random_uuid()) RETURNING id`,
    [environment],
  );
  return Number(rows[0]?.id);
}

const [prepare, start] = forwardSteps({ kind: 'http', from: undefined, to: 1, wanted: 2 });

test('an operation belongs to whoever took it with the highest fence', async () => {
  const operation = await insert('taken');
  expect(await journal.take(operation, 3, 'one')).toMatchObject({ id: operation, state: 'planned' });
  expect(await journal.take(operation, 3, 'two')).toBeUndefined();
  expect(await journal.take(operation, 2, 'two')).toBeUndefined();
  expect(await journal.take(operation, 4, 'two')).toBeDefined();
});

test.each<[string, (hold: Hold) => Promise<unknown>]>([
  ['begin', (hold) => journal.begin(hold)],
  ['choose hosts', (hold) => journal.placed(hold, ['h1'])],
  ['start a step', (hold) => journal.stepStarted(hold, prepare!)],
  ['end a step', (hold) => journal.stepDone(hold, prepare!, '')],
  ['end a step and begin the next', (hold) => journal.stepDone(hold, prepare!, '', start)],
  ['tell progress', (hold) => journal.progress(hold, 'x', 1)],
  ['let a release serve', (hold) => journal.serve(hold, 1)],
  ['undo', (hold) => journal.undo(hold, 'x', [])],
  ['write down damage', (hold) => journal.damaged(hold, 'x')],
  ['finish', (hold) => journal.finish(hold, 'done')],
])('whoever lost an operation can not %s', async (name, write) => {
  const operation = await insert(name);
  await journal.take(operation, 1, 'one');
  await journal.stepStarted({ operation, fence: 1 }, prepare!);
  await journal.take(operation, 2, 'two');
  const before = await journal.read(operation);
  await expect(write({ operation, fence: 1 })).rejects.toMatchObject({ code: 'fleet.fenced' });
  expect(await journal.read(operation)).toEqual(before);
  await write({ operation, fence: 2 });
});

test('the end of a step is the beginning of the next, also of one that was begun before', async () => {
  const operation = await insert('walked');
  const hold = { operation, fence: 1 };
  await journal.take(operation, 1, 'one');
  await journal.stepStarted(hold, prepare!);
  const steps = async () => {
    const sql =
      'SELECT name, finished_at IS NOT NULL AS done, detail FROM fleet.steps WHERE operation = $1 ORDER BY position';
    return (await database.pool.query(sql, [operation])).rows;
  };
  await journal.stepDone(hold, prepare!, 'two hosts', start);
  expect((await journal.read(operation)).phase).toBe(start!.phase);
  expect(await steps()).toEqual([
    { name: 'prepare', done: true, detail: 'two hosts' },
    { name: 'start', done: false, detail: '' },
  ]);
  await journal.stepDone(hold, prepare!, 'two hosts', start);
  await journal.stepDone(hold, start!, 'two started');
  expect(await journal.done(operation)).toEqual(new Set([1, 2]));
  expect((await journal.read(operation)).phase).toBe(start!.phase);
});

test('nobody writes about an operation that is final', async () => {
  const operation = await insert('final');
  await journal.take(operation, 1, 'one');
  expect(await journal.finish({ operation, fence: 1 }, 'done')).toMatchObject({ state: 'done' });
  await expect(journal.progress({ operation, fence: 1 }, 'x', 1)).rejects.toMatchObject({ code: 'fleet.fenced' });
  expect(await journal.take(operation, 2, 'two')).toBeUndefined();
});

test('a cell has one operation at a time, whatever a program does', async () => {
  const operation = await insert('busy');
  await expect(insert('busy')).rejects.toThrow(/operations_one_at_a_time/);
  await journal.take(operation, 1, 'one');
  await journal.finish({ operation, fence: 1 }, 'undone');
  await insert('busy');
});
