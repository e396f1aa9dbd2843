import { createTestDatabase, type TestDatabase } from '../../test/database';
import { until } from '../../test/until';
import { type Listener, listen, liveSessions } from './listen';
import { reconnectPause } from './reconnect';

let database: TestDatabase;
let listener: Listener | undefined;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(() => listener?.stop());
afterAll(() => database.drop());

const notify = (channel: string, payload: string): Promise<unknown> =>
  database.pool.query('SELECT pg_notify($1, $2)', [channel, payload]);
const cut = (session: string): Promise<unknown> =>
  database.pool.query('SELECT pg_terminate_backend($1)', [Number(session.split('@')[0])]);

test('calls with channel and payload, for channels added later, too', async () => {
  const heard: string[] = [];
  listener = await listen(database.url, ['first'], (channel, payload) => heard.push(`${channel} ${payload}`));
  await notify('first', 'a');
  await listener.add('Second.one');
  await notify('Second.one', 'b');
  await until(() => heard.length === 2, { what: 'two notifications' });
  expect(heard).toEqual(['first a', 'Second.one b']);
});

test('a connection that was cut is made again, says so, and still listens', async () => {
  const heard: string[] = [];
  const told: string[] = [];
  listener = await listen(database.url, ['here'], (_channel, payload) => heard.push(payload), {
    onLost: () => told.push('lost'),
    onReconnect: () => told.push('back'),
  });
  const before = listener.session();
  await cut(before!);
  await until(() => told.includes('back'), { what: 'the connection is back' });
  await notify('here', 'again');
  await until(() => heard.includes('again'), { what: 'the notification' });
  expect(told).toEqual(['lost', 'back']);
  expect(listener.session()).not.toBe(before);
});

test('others see its session while it stands and no longer', async () => {
  listener = await listen(database.url, [], () => undefined);
  const session = listener.session();
  const seen = async (): Promise<boolean> => {
    const { rows } = await database.pool.query(`SELECT $1 IN (${liveSessions}) AS seen`, [session]);
    return rows[0].seen;
  };
  expect(await seen()).toBe(true);
  await listener.stop();
  expect(listener.session()).toBeUndefined();
  await until(async () => !(await seen()), { what: 'the session is gone' });
});

test('the first connection must stand', async () => {
  const nowhere = Object.assign(new URL(database.url), { port: '1' }).toString();
  await expect(listen(nowhere, [], () => undefined)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('pauses double up to five seconds and differ between programs', () => {
  const longest = [0, 1, 2, 6, 7, 50].map((failures) => reconnectPause(failures, () => 1));
  expect(longest).toEqual([50, 100, 200, 3200, 5000, 5000]);
  expect(reconnectPause(7, () => 0)).toBe(2500);
});
