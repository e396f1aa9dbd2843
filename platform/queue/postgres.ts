import { join } from 'node:path';
import type { ClientBase } from 'pg';
import { type Listener, listen } from '../database/listen';
import { migrate } from '../database/migrate';
import { asPortError, openPool, whereOf } from '../database/postgres';
import { EdwinError } from '../errors';
import type { Logger } from '../log';
import { type PostgresConsumer, startConsumer } from './consumer';
import { deadInPostgres } from './postgres-dead';
import { createPublisher } from './publisher';
import type { ConsumeOptions, Consumer, MessageHandler, OutgoingMessage, Queue, QueueDepth } from './queue';
import { checkQueueName } from './queue-name';
import { depth } from './statements';
import { startTally } from './tally';

export interface PostgresQueueOptions {
  /** Deliveries after which a message is dead. Default 20. */
  readonly deliveryLimit?: number;
  /** How long a message stays with a consumer that gives no sign of life but keeps its connection. Default 10 s. */
  readonly leaseMs?: number;
}

/** A server that hangs is unreachable after that; publishing tries twice. */
const ANSWER_LIMIT_MS = 10_000;

/**
 * The statements of a consumer must use the indexes, whatever the statistics of a fast-changing table say; and losing
 * the last of them in a crash of the server only means that a message is delivered again.
 */
const consumerSettings =
  "SET synchronous_commit = off; SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = 'off'";

/** Opens the queue kept in schema `queue` of a PostgreSQL database, one for each environment. */
export async function openPostgresQueue(url: string, log: Logger, options: PostgresQueueOptions = {}): Promise<Queue> {
  const { deliveryLimit = 20, leaseMs = 10_000 } = options;
  const limits = { idleTimeoutMillis: 10_000, query_timeout: ANSWER_LIMIT_MS };
  const storing = openPool(url, { max: 1, ...limits });
  const prepare = (client: ClientBase): Promise<unknown> => client.query(consumerSettings);
  const taking = openPool(url, { max: 2, ...limits, onConnect: prepare });
  const tally = startTally(storing);
  const publisher = createPublisher(storing, url, tally);
  const consumers = new Map<PostgresConsumer, string>();
  let listening: Promise<Listener> | undefined;
  let closing: Promise<void> | undefined;

  const explained = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw asPortError(error, 'queue', whereOf(url));
    }
  };
  const usable = (queue: string): void => {
    if (closing) throw new EdwinError('queue.closed', `The queue at ${whereOf(url)} is closed.`);
    checkQueueName(queue);
  };
  const asked = async <T>(queue: string, work: () => Promise<T>): Promise<T> => {
    usable(queue);
    return explained(work());
  };

  const listenOnce = async (): Promise<Listener> => {
    const woken = (channel: string): void => {
      for (const [consumer, queue] of consumers) if (channel === channelOf(queue)) consumer.notified();
    };
    listening ??= listen(url, [], woken, {
      onReconnect: () => {
        log.info({ event: 'queue.reconnected' }, `The queue at ${whereOf(url)} is back`);
        for (const consumer of consumers.keys()) consumer.readopt();
      },
    });
    try {
      return await listening;
    } catch (error) {
      listening = undefined;
      throw error;
    }
  };

  const consume = async (
    queue: string,
    { concurrency }: ConsumeOptions,
    handler: MessageHandler,
  ): Promise<Consumer> => {
    usable(queue);
    if (!(concurrency >= 1)) throw new RangeError(`concurrency must be at least 1, not ${concurrency}`);
    const listener = await listenOnce();
    await listener.add(channelOf(queue));
    usable(queue);
    const session = (): string | undefined => listener.session();
    const settings = { queue, concurrency, handler, log, leaseMs, deliveryLimit, tally, session };
    const consumer = startConsumer({ pool: taking, ...settings });
    consumers.set(consumer, queue);
    const stop = async (): Promise<void> => {
      await consumer.stop();
      consumers.delete(consumer);
    };
    return { stop };
  };

  const close = async (): Promise<void> => {
    await Promise.all([...consumers.keys()].map((consumer) => consumer.stop()));
    await publisher.idle();
    await listening?.then((listener) => listener.stop()).catch(() => undefined);
    await tally.stop();
    await Promise.all([storing.end(), taking.end()]);
  };

  const dead = deadInPostgres(storing);
  const queue: Queue = {
    publish: async (name: string, messages: readonly OutgoingMessage[]) => {
      usable(name);
      if (messages.length > 0) await publisher.publish(name, messages);
    },
    consume: (name, choice, handler) => explained(consume(name, choice, handler)),
    depth: (name) => asked(name, () => storing.query<Depth>(depth, [name]).then(({ rows }) => depthOf(rows[0]))),
    dead: {
      queues: (prefix) => asked(prefix, () => dead.queues(prefix)),
      list: (name, limit) => asked(name, () => dead.list(name, limit)),
      replay: (name, which) => asked(name, () => dead.replay(name, which)),
      drop: (name, which) => asked(name, () => dead.drop(name, which)),
    },
    close: () => {
      closing ??= close();
      return closing;
    },
  };
  const migrating = openPool(url, { max: 1 }); // which may take longer than an answer
  try {
    await migrate(migrating, join(__dirname, 'migrations'), 'queue');
    return queue;
  } catch (error) {
    await queue.close();
    throw asPortError(error, 'queue', whereOf(url));
  } finally {
    await migrating.end();
  }
}

interface Depth {
  readonly ready: number;
  readonly unacknowledged: number;
  readonly dead: number;
  readonly oldest: number | null;
  readonly arrived: number;
  readonly settled: number;
}

function depthOf(row: Depth | undefined): QueueDepth {
  const { ready = 0, unacknowledged = 0, dead = 0, oldest = null, arrived, settled } = row ?? {};
  const oldestSeconds = oldest ?? undefined;
  return { ready, unacknowledged, dead, oldestSeconds, arrivedPerSecond: arrived, settledPerSecond: settled };
}

function channelOf(queue: string): string {
  return `queue.${queue}`;
}
