import { createTestDatabase, type TestDatabase } from '../../test/database';
import { openRelay, type Relay } from '../../test/engines/relay';
import { until } from '../../test/until';
import { silent } from '../log';
import { type LateQueue, openLateQueue } from './late';
import { openQueue } from './open';

/** The queue on the embedded PostgreSQL, at the end of a piece of network that can be cut. */
let database: TestDatabase;
let network: Relay;
let url: string;

beforeEach(async () => {
  database = await createTestDatabase();
  const { hostname, port } = new URL(database.url);
  network = await openRelay({ host: hostname, port: Number(port) });
  url = Object.assign(new URL(database.url), { host: `${network.host}:${network.port}` }).toString();
});
afterEach(async () => {
  await network.close();
  await database.drop();
});

const open = (address: string) => openLateQueue(() => openQueue(address, silent), silent);

async function expectToWork(queue: LateQueue, taken: readonly string[]): Promise<void> {
  await until(() => queue.problem() === undefined, { what: 'the queue is there' });
  await queue.publish('bot.messages', [{ id: 'late', body: {} }]);
  await until(() => taken.includes('late'), { what: 'the message is taken' });
}

test('a queue that is there is there at once', async () => {
  const queue = await open(url);
  expect(queue.problem()).toBeUndefined();
  const taken: string[] = [];
  await queue.consume('bot.messages', { concurrency: 1 }, async ({ id }) => void taken.push(id));
  await expectToWork(queue, taken);
  await queue.close();
});

test.each<[string, (network: Relay) => unknown, (network: Relay) => unknown]>([
  ['is away', (cut) => cut.cut(), (cut) => cut.mend()],
  ['hangs', (paused) => paused.pause(), (paused) => paused.resume()],
])('a program starts while its queue %s, and takes messages when it is back', async (_, lose, mend) => {
  await lose(network);
  const queue = await open(url);
  const taken: string[] = [];
  await queue.consume('bot.messages', { concurrency: 1 }, async ({ id }) => void taken.push(id));
  expect(queue.problem()).toEqual(expect.any(String));
  await expect(queue.publish('bot.messages', [{ id: 'early', body: {} }])).rejects.toMatchObject({
    code: 'queue.unreachable',
  });
  await mend(network);
  await expectToWork(queue, taken);
  await queue.close();
});

test('wrong credentials and a wrong address end the start', async () => {
  const wrong = Object.assign(new URL(url), { password: 'wrong' }).toString();
  await expect(open(wrong)).rejects.toMatchObject({ code: 'queue.refused' });
  await expect(open('http://queue')).rejects.toMatchObject({ code: 'config.invalid' });
});

test('credentials that are refused late are told, and tried again', async () => {
  network.pause();
  const queue = await open(Object.assign(new URL(url), { password: 'wrong' }).toString());
  network.resume();
  await until(() => /refuse/.test(queue.problem() ?? ''), { what: 'the refusal is told' });
  await queue.close();
});

test('taking messages begins also when the queue is lost just before', async () => {
  const queue = await open(url);
  await network.cut();
  const taken: string[] = [];
  await queue.consume('bot.messages', { concurrency: 1 }, async ({ id }) => void taken.push(id));
  await expect(queue.publish('bot.messages', [{ id: 'early', body: {} }])).rejects.toMatchObject({
    code: 'queue.unreachable',
  });
  await network.mend();
  await expectToWork(queue, taken);
  await queue.close();
});

test('until messages are taken it says why, and stops without waiting', async () => {
  await network.cut();
  const queue = await open(url);
  const taken: string[] = [];
  const stopped = await queue.consume(
    'bot.messages',
    { concurrency: 1 },
    async ({ id }) => void taken.push(`wrong: ${id}`),
  );
  await stopped.stop();
  await expect(queue.depth('bot.messages')).rejects.toMatchObject({ code: 'queue.unreachable' });
  const consumer = await queue.consume('bot.messages', { concurrency: 1 }, async ({ id }) => void taken.push(id));
  expect(queue.problem()).toEqual(expect.any(String));
  await network.mend();
  await expectToWork(queue, taken);
  expect(await queue.depth('bot.messages')).toMatchObject({ dead: 0 });
  await consumer.stop();
  await queue.publish('bot.messages', [{ id: 'after', body: {} }]);
  expect((await queue.depth('bot.messages')).ready).toBe(1);
  expect(taken).toEqual(['late']);
  await queue.close();
});

test('it closes while its server is away', async () => {
  await network.cut();
  const queue = await open(url);
  await queue.consume('bot.messages', { concurrency: 1 }, async () => undefined);
  await queue.close();
  expect(queue.problem()).toEqual(expect.any(String));
});
