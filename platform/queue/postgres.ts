import { join } from 'node:path';
import type { ClientBase } from 'pg';
import { type Listener, listen } from '../database/listen';
import { migrate } from '../database/migrate';
import { asPortError, openPool, whereOf } from '../database/postgres';
import { EdwinError } from '../errors';
import type { Logger } from '../log';
import { type PostgresConsumer, startConsumer } from './consumer';
import { createPublisher } from './publisher';
import type { ConsumeOptions, Consumer, MessageHandler, OutgoingMessage, Queue, QueueDepth } from './queue';
import { depth } from './statements';

export interface PostgresQueueOptions {
  /** Deliveries after which a message is dead. Default 20. */
  readonly deliveryLimit?: number;
  /** How long a message stays with a consumer that gives no sign of life but keeps its connection. Default 10 s. */
  readonly leaseMs?: number;
}

/**
 * The statements of a consumer must use the indexes, whatever the statistics of a fast-changing table say; and losing
 * the last of them in a crash of the server only means that a message is delivered again.
 */
const consumerSettings =
  "SET synchronous_commit = off; SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = 'off'";

/** Opens the queue kept in schema `queue` of a PostgreSQL database, one for each environment. */
export async function openPostgresQueue(url: string, log: Logger, options: PostgresQueueOptions = {}): Promise<Queue> {
  const { deliveryLimit = 20, leaseMs = 10_000 } = options;
  const storing = openPool(url, { max: 1, idleTimeoutMillis: 10_000 });
  const prepare = (client: ClientBase): Promise<unknown> => client.query(consumerSettings);
  const taking = openPool(url, { max: 2, idleTimeoutMillis: 10_000, onConnect: prepare });
  const publisher = createPublisher(storing, url);
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
    if (!/^[a-z0-9][a-z0-9._-]{0,54}$/.test(queue)) throw new RangeError(`${queue} is no name for a queue`);
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
    const consumer = startConsumer({ pool: taking, queue, concurrency, handler, log, leaseMs, deliveryLimit, session });
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
    await Promise.all([storing.end(), taking.end()]);
  };

  const queue: Queue = {
    publish: async (name: string, messages: readonly OutgoingMessage[]) => {
      usable(name);
      if (messages.length > 0) await publisher.publish(name, messages);
    },
    consume: (name, choice, handler) => explained(consume(name, choice, handler)),
    depth: async (name) => {
      usable(name);
      return explained(storing.query<Depth>(depth, [name]).then(({ rows }) => depthOf(rows[0])));
    },
    close: () => {
      closing ??= close();
      return closing;
    },
  };
  try {
    await migrate(storing, join(__dirname, 'migrations'), 'queue');
    return queue;
  } catch (error) {
    await queue.close();
    throw asPortError(error, 'queue', whereOf(url));
  }
}

interface Depth extends Omit<QueueDepth, 'oldestSeconds'> {
  readonly oldest: number | null;
}

function depthOf(row: Depth | undefined): QueueDepth {
  const { ready = 0, unacknowledged = 0, dead = 0, oldest = null } = row ?? {};
  return { ready, unacknowledged, dead, oldestSeconds: oldest ?? undefined };
}

function channelOf(queue: string): string {
  return `queue.${queue}`;
}
