import { join } from 'node:path';
import { migrate } from '../../platform/database/migrate';
import { silent } from '../../platform/log';
import { createTestDatabase, type TestDatabase } from '../../test/database';
import { replyTo } from './fixture';
import { createGate } from './gate';
import type { GraphApi } from './graph-api';
import { serveStudent } from './serve';
import { type Claim, SendStore } from './store';

/** A gateway so short of processor time that it comes to the request of a reply seconds after it began it. */
let database: TestDatabase;
let store: SendStore;
let sent: string[];

const api: GraphApi = {
  send: async ({ id }, leavesWithinMs) => {
    if (leavesWithinMs <= 0) return { kind: 'late' };
    sent.push(id);
    return { kind: 'sent', messageId: 'm' };
  },
  look: async () => 'absent',
};
const serve = (claim: Claim) =>
  serveStudent({ store, api, gate: createGate(), log: silent })(claim, new AbortController().signal);

beforeAll(async () => {
  database = await createTestDatabase();
  await migrate(database.pool, join(__dirname, 'migrations'), 'gateway');
  store = new SendStore(database.pool);
});
afterAll(() => database?.drop());
beforeEach(async () => {
  sent = [];
  await database.pool.query('truncate gateway.students, gateway.sends');
});

async function lateClaim(): Promise<Claim> {
  const { claims } = await store.arrive([{ reply: replyTo('anna', 1), headers: {}, atOnce: true }], 'me');
  const claim = claims[0];
  if (!claim?.begun) throw new Error('nothing was begun');
  return { ...claim, begun: { ...claim.begun, asked: performance.now() - 10_000 } };
}
const row = async () => (await database.pool.query('select state, attempt from gateway.sends')).rows[0];

test('begins it again before it sends it', async () => {
  await serve(await lateClaim());
  expect(sent).toEqual(['r-anna-1']);
  expect(await row()).toEqual({ state: 'sent', attempt: 2 });
});

test('does not send it when another has taken the student over', async () => {
  const claim = await lateClaim();
  await store.adopt('me', 'me', []);
  expect(await store.claim('other', 1)).toMatchObject([{ student: 'anna' }]);
  await serve(claim);
  expect(sent).toEqual([]);
  expect(await row()).toEqual({ state: 'sending', attempt: 1 });
});

test('nor takes back what the other has begun', async () => {
  const claim = await lateClaim();
  await store.adopt('me', 'me', []);
  await store.claim('other', 1);
  await store.rejected(claim, claim.begun!.send);
  expect(await row()).toEqual({ state: 'sending', attempt: 1 });
});
