import { createTestDatabase, type TestDatabase } from '../../test/database';
import { recordSpans } from '../../test/spans';
import { until } from '../../test/until';
import { transaction } from '../database/postgres';
import { EdwinError } from '../errors';
import { silent } from '../log';
import { outboxWaiting } from '../metrics';
import { currentTraceId, inSpan } from '../tracing';
import { type Relay, startRelay, writeOutbox } from './outbox';
import { openPostgresQueue } from './postgres';
import type { IncomingMessage, Queue } from './queue';

let database: TestDatabase;
let queue: Queue;
let relays: Relay[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query(`CREATE SCHEMA shop; CREATE TABLE shop.outbox (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL, queue text NOT NULL, body jsonb NOT NULL, headers jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now())`);
});
beforeEach(async () => {
  queue = await openPostgresQueue(database.url, silent);
});
afterEach(async () => {
  await Promise.all(relays.map((relay) => relay.stop()));
  relays = [];
  await queue.close();
});
afterAll(() => database.drop());

const relay = (into: Queue = queue): Relay => {
  const started = startRelay({ pool: database.pool, schema: 'shop', queue: into, log: silent, service: 'shop' });
  relays.push(started);
  return started;
};
const write = (topic: string, ids: readonly string[]): Promise<void> =>
  transaction(database.pool, async (client) => {
    for (const id of ids) await writeOutbox(client, 'shop', topic, { id, body: { id } });
  });
const collect = async (topic: string): Promise<IncomingMessage[]> => {
  const got: IncomingMessage[] = [];
  await queue.consume(topic, { concurrency: 1 }, async (message) => void got.push(message));
  return got;
};
const waiting = async (): Promise<number> =>
  (await database.pool.query('SELECT count(*)::int AS n FROM shop.outbox')).rows[0].n;

test('what was committed is published in order and then gone', async () => {
  const got = await collect('committed');
  const ids = Array.from({ length: 450 }, (_, n) => `order ${n}`);
  await write('committed', ids);
  relay().poke();
  await until(() => got.length === ids.length, { what: 'all arrive' });
  expect(got.map(({ id }) => id)).toEqual(ids);
  expect(got[0]?.body).toEqual({ id: 'order 0' });
  await until(async () => (await waiting()) === 0, { what: 'the outbox is empty' });
});

test('what was rolled back is never published', async () => {
  const got = await collect('rolled-back');
  const started = relay();
  const failing = transaction(database.pool, async (client) => {
    await writeOutbox(client, 'shop', 'rolled-back', { id: 'never', body: null });
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  await write('rolled-back', ['after']);
  started.poke();
  await until(() => got.length === 1, { what: 'the other arrives' });
  expect(got[0]?.id).toBe('after');
});

test('it is seen without a poke as well, and two relays do not get in each other’s way', async () => {
  const got = await collect('two');
  relay();
  relay();
  await write(
    'two',
    Array.from({ length: 300 }, (_, n) => `n${n}`),
  );
  await until(() => got.length >= 300, { what: 'all arrive' });
  await until(async () => (await waiting()) === 0, { what: 'the outbox is empty' });
  expect(new Set(got.map(({ id }) => id)).size).toBe(300);
});

test('while the queue is away messages wait, are counted, and go when it is back', async () => {
  let away = true;
  const wavering: Queue = {
    ...queue,
    publish: async (topic, messages) => {
      if (away) throw new EdwinError('queue.unreachable', 'The queue is away.');
      await queue.publish(topic, messages);
    },
  };
  const got = await collect('away');
  const started = relay(wavering);
  await write('away', ['one', 'two']);
  started.poke();
  const gauge = async (): Promise<number | undefined> => (await outboxWaiting.get()).values[0]?.value;
  await until(async () => (await gauge()) === 2, { what: 'the metric shows two' });
  expect(await waiting()).toBe(2);
  away = false;
  await until(() => got.length === 2, { what: 'both arrive' });
  await until(async () => (await gauge()) === 0, { what: 'the metric shows none' });
});

test('the trace of the transaction goes on in the handler', async () => {
  const recorder = recordSpans();
  try {
    let written: string | undefined;
    let handled: string | undefined;
    await inSpan('request', {}, async () => {
      written = currentTraceId();
      await write('traced', ['one']);
    });
    relay().poke();
    await queue.consume('traced', { concurrency: 1 }, async () => {
      handled = currentTraceId();
    });
    await until(() => handled, { what: 'the handler ran' });
    expect(handled).toBe(written);
  } finally {
    await recorder.stop();
  }
});
