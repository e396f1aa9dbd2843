import { join } from 'node:path';
import { migrate } from '../../platform/database/migrate';
import { createTestDatabase, type TestDatabase } from '../../test/database';
import { replyTo } from './fixture';
import { type Claim, SendStore } from './store';

let database: TestDatabase;
let store: SendStore;

beforeAll(async () => {
  database = await createTestDatabase();
  await migrate(database.pool, join(__dirname, 'migrations'), 'gateway');
});
beforeEach(async () => {
  await database.pool.query('truncate gateway.students, gateway.sends');
  store = new SendStore(database.pool);
});
afterAll(() => database?.drop());

const arrive = (sequences: readonly number[], atOnce = true, session = 'me') =>
  store.arrive(
    sequences.map((sequence) => ({ reply: replyTo('anna', sequence), headers: {}, atOnce })),
    session,
  );
const claimOf = async (sequences: readonly number[]): Promise<Claim & Required<Pick<Claim, 'begun'>>> => {
  const claim = (await arrive(sequences)).claims[0];
  if (!claim?.begun) throw new Error('nothing was begun');
  return { ...claim, begun: claim.begun };
};
const sentBy = ({ begun, ...claim }: Awaited<ReturnType<typeof claimOf>>) =>
  store.sent(claim, begun.send, begun.arrived, 'mid');
const student = async () => (await database.pool.query('select * from gateway.students')).rows[0];

test('the reply whose turn it is comes with the claim and is begun; of the batch no other is', async () => {
  const { added, claims } = await arrive([3, 1, 2, 1]);
  expect(added).toEqual(new Set(['r-anna-1', 'r-anna-2', 'r-anna-3']));
  expect(claims).toMatchObject([{ student: 'anna', begun: { send: { sequence: 1, state: 'sending', attempt: 1 } } }]);
  const { rows } = await database.pool.query('select state, attempt from gateway.sends order by sequence');
  expect(rows.map(({ state, attempt }) => [state, attempt])).toEqual([
    ['sending', 1],
    ['queued', 0],
    ['queued', 0],
  ]);
});

test('who is held, or waits for something, is not claimed; a reply that comes again begins nothing', async () => {
  const claim = await claimOf([1]);
  expect((await arrive([2])).claims).toEqual([]);
  await store.release(claim, '2', new Date(Date.now() + 60_000));
  const again = await arrive([1, 3]);
  expect([[...again.added], again.claims, again.due]).toEqual([['r-anna-3'], [], false]);
});

test('a reply ahead of its turn wakes nobody, and one in its turn that may not be begun makes the student due', async () => {
  expect(await arrive([2])).toMatchObject({ claims: [], due: false });
  expect(await student()).toMatchObject({ holder: null, wake_at: null });
  expect(await arrive([1], false)).toMatchObject({ claims: [], due: true });
  expect(await store.claim('me', 10)).toMatchObject([{ student: 'anna' }]);
});

test('the last send lets go of the student; one that others follow, or that something came after, does not', async () => {
  const first = await claimOf([1]);
  expect(await sentBy(first)).toBe(true);
  expect(await student()).toMatchObject({ holder: null, wake_at: null, next_sequence: '2' });
  const second = await claimOf([2, 3]);
  expect(await sentBy(second)).toBe(false);
  expect(await student()).toMatchObject({ holder: 'me', next_sequence: '3' });
});

test('what arrives while a send is under way is not left behind', async () => {
  const claim = await claimOf([1]);
  await arrive([5]);
  expect(await sentBy(claim)).toBe(false);
});

test('who lost a claim records the send, and leaves the student to the new holder', async () => {
  const claim = await claimOf([1]);
  await database.pool.query(`update gateway.students set holder = 'other', fence = fence + 1`);
  expect(await sentBy(claim)).toBe(false);
  expect(await student()).toMatchObject({ holder: 'other', next_sequence: '2' });
});

test('a claim that nobody serves, since its answer was lost, is let go; others keep theirs', async () => {
  await claimOf([1]);
  await store.adopt('me', 'me', ['anna']);
  expect(await student()).toMatchObject({ holder: 'me' });
  await store.adopt('me', 'me', []);
  expect(await student()).toMatchObject({ holder: null });
  expect(await store.claim('other', 10)).toMatchObject([{ student: 'anna' }]);
});

test('only leases of those who are served are renewed', async () => {
  await claimOf([1]);
  await database.pool.query('update gateway.students set lease_until = now()');
  await store.renew('me', ['ben']);
  expect((await student()).lease_until.getTime()).toBeLessThan(Date.now() + 5_000);
  await store.renew('me', ['anna']);
  expect((await student()).lease_until.getTime()).toBeGreaterThan(Date.now() + 20_000);
});

test('an echo settles what is open and says nothing new of what this gateway knows', async () => {
  const claim = await claimOf([1]);
  const echo = { student: 'anna', mid: 'mid', metadata: 'r-anna-1' };
  await store.release(claim, '1', new Date(Date.now() + 60_000));
  expect(await store.settleByEcho([echo, { ...echo, metadata: 'unknown' }])).toEqual(['r-anna-1']);
  expect(await store.settleByEcho([echo])).toEqual([]);
  expect((await student()).wake_at.getTime()).toBeLessThan(Date.now() + 5_000);
});
