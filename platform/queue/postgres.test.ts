import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type Environments, startEnvironments } from '../../test/environments';
import { type Script, startScript } from '../../test/script';
import { until } from '../../test/until';
import { openPool, type Pool } from '../database/postgres';
import { silent } from '../log';
import { pauseAfter } from './backoff';
import { queueContract } from './contract';
import { openPostgresQueue } from './postgres';
import type { Queue } from './queue';

let environments: Environments;

beforeAll(async () => {
  environments = await startEnvironments();
});
afterAll(() => environments.stop());

queueContract('PostgreSQL', {
  version: () => environments.version(),
  url: () => environments.url,
  open: (options) => openPostgresQueue(environments.url, silent, options),
  openUnreachable: () => openPostgresQueue(environments.unreachable, silent),
  openWithWrongPassword: () => openPostgresQueue(environments.wrongPassword, silent),
  openAsStranger: () => openPostgresQueue(environments.stranger, silent),
  figuresWithinMs: 10_000,
  faults: {
    restart: () => environments.restart(),
    crash: () => environments.crash(),
    pause: async () => environments.pause(),
    resume: async () => environments.resume(),
    cutConnections: () => environments.cutConnections(),
  },
});

describe('leases of messages', () => {
  let pool: Pool;
  let queue: Queue;
  let topic: string;
  let script: Script | undefined;

  beforeEach(async () => {
    topic = `lease.${randomUUID().slice(0, 8)}`;
    pool = openPool(environments.url);
    queue = await openPostgresQueue(environments.url, silent, { leaseMs: 600, deliveryLimit: 3 });
  });
  afterEach(async () => {
    await script?.kill();
    script = undefined;
    await queue.close();
    await pool.end();
  });

  const startConsumer = (): Script =>
    startScript(join(__dirname, 'contract-consumer.ts'), { QUEUE_URL: environments.url, QUEUE_NAME: topic });
  const rowOf = async (id: string): Promise<{ attempt: number; left: number } | undefined> => {
    const { rows } = await pool.query(
      'SELECT attempt, extract(epoch FROM visible_at - now())::float8 AS left FROM queue.messages WHERE queue = $1 AND id = $2',
      [topic, id],
    );
    return rows[0];
  };

  test('a handler may take longer than the lease: it is renewed', async () => {
    await queue.publish(topic, [{ id: 'slow', body: null }]);
    let finish: (() => void) | undefined;
    let deliveries = 0;
    await queue.consume(topic, { concurrency: 2 }, () => {
      deliveries++;
      return new Promise((resolve) => {
        finish = resolve;
      });
    });
    const release = await until(() => finish, { what: 'it is held' });
    const limit = performance.now() + 1_800;
    await until(() => performance.now() > limit, { what: 'three leases are over' });
    expect(await rowOf('slow')).toMatchObject({ attempt: 1 });
    release();
    await until(async () => (await rowOf('slow')) === undefined, { what: 'it is settled' });
    expect(deliveries).toBe(1);
  });

  test('a killed consumer is noticed long before its lease of ten seconds ends', async () => {
    script = startConsumer();
    await queue.publish(topic, [{ id: 'one', body: null }]);
    await script.says('holds one');
    let at: number | undefined;
    await queue.consume(topic, { concurrency: 1 }, async () => {
      at = performance.now();
    });
    const killed = performance.now();
    await script.kill('SIGKILL');
    expect((await until(() => at, { what: 'it is delivered again' })) - killed).toBeLessThan(2_000);
  });

  test('a paused consumer keeps its message until the lease ends, and can then no longer settle it', async () => {
    script = startConsumer();
    await queue.publish(topic, [{ id: 'one', body: null }]);
    await script.says('holds one');
    process.kill(script.pid, 'SIGSTOP');
    let finish: (() => void) | undefined;
    await queue.consume(topic, { concurrency: 1 }, () => new Promise((resolve) => (finish = resolve)));
    expect((await rowOf('one'))?.left).toBeGreaterThan(1);
    await pool.query('UPDATE queue.messages SET visible_at = now() WHERE queue = $1', [topic]); // the time has passed
    const release = await until(() => finish, { what: 'it is delivered again' });
    process.kill(script.pid, 'SIGCONT');
    expect(await rowOf('one')).toMatchObject({ attempt: 2 });
    release();
    await until(async () => (await rowOf('one')) === undefined, { what: 'the second delivery settles it' });
  });

  test('a message that is lost with each of its consumers is dead in the end', async () => {
    await queue.publish(topic, [{ id: 'poison', body: null }]);
    await pool.query("UPDATE queue.messages SET attempt = 3, holder = '1@0' WHERE queue = $1", [topic]);
    let deliveries = 0;
    await queue.consume(topic, { concurrency: 1 }, async () => void deliveries++);
    await until(async () => (await queue.depth(topic)).dead === 1, { what: 'it is dead' });
    expect(deliveries).toBe(0);
  });
});

test('pauses double from a tenth of a second up to half a minute', () => {
  expect([1, 2, 3, 9, 10, 1000].map(pauseAfter)).toEqual([100, 200, 400, 25_600, 30_000, 30_000]);
});
