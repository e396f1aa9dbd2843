import type { ChannelModel } from 'amqplib';
import { EdwinError } from '../errors';
import type { Logger } from '../log';
import { publishTraced } from './outgoing';
import type { Consumer, Queue, QueueDepth } from './queue';
import { checkQueueName } from './queue-name';
import { type Address, readAddress } from './rabbitmq/address';
import { openConnection } from './rabbitmq/connection';
import { startConsumer } from './rabbitmq/consumer';
import { deadInRabbit } from './rabbitmq/dead';
import { asQueueError } from './rabbitmq/errors';
import { within } from './rabbitmq/limit';
import { openManagement } from './rabbitmq/management';
import { type Parcel, parcelOf } from './rabbitmq/message';
import { publish, setUpOutlet } from './rabbitmq/publisher';
import { countReady, deadOf, declare, declarePause, onChannel, pauseOf } from './rabbitmq/topology';

export interface RabbitQueueOptions {
  /** Deliveries after which a message is dead. Default 20. */
  readonly deliveryLimit?: number;
}

/** For what is asked of the server beside publishing and consuming. */
const ANSWER_LIMIT_MS = 10_000;

/**
 * Opens the queues of a RabbitMQ virtual host, one for each environment, with a user who may enter no other; tried with
 * 3.10. For the address see `readAddress`. Beyond the port:
 * - An id that is stored already is stored again: RabbitMQ does not compare them.
 * - Needs no plugin but, for all figures of `depth` and for `dead.queues`, the management API; its user needs the tag
 *   `management`. Without it `depth` tells `ready` (less those that pause) and `dead` alone. With it, `ready` and `dead`
 *   are exact, the others up to ten seconds old, and ages above five minutes are told as five minutes.
 */
export async function openRabbitQueue(
  url: string,
  log: Logger,
  { deliveryLimit = 20 }: RabbitQueueOptions = {},
): Promise<Queue> {
  const address = readAddress(url);
  const outlet = await openConnection({ address, log, name: 'edwin publishes', setUp: setUpOutlet });
  const management = openManagement(address);
  const consumers = new Set<Consumer>();
  const publishing = new Set<Promise<void>>();
  let unheard = false;
  let closing: Promise<void> | undefined;

  const usable = (queue: string): void => {
    if (closing) throw new EdwinError('queue.closed', `The queue at ${address.where} is closed.`);
    checkQueueName(queue);
  };
  const asked = async <T>(name: string, work: (model: ChannelModel) => Promise<T>): Promise<T> => {
    usable(name);
    const { model } = await outlet.standing(ANSWER_LIMIT_MS);
    return within(ANSWER_LIMIT_MS, work(model)).catch((error: unknown) => {
      throw asQueueError(error, address);
    });
  };
  const declared = (queue: string) => (model: ChannelModel) => declare(model, queue, deliveryLimit);
  const store = (queue: string, parcels: readonly Parcel[]) =>
    publish(outlet, address, queue, parcels, declared(queue));
  const putAside = (queue: string) => (parcel: Parcel, pauseMs: number | undefined) =>
    pauseMs === undefined
      ? publish(outlet, address, deadOf(queue), [parcel], declared(queue))
      : publish(outlet, address, pauseOf(queue, pauseMs), [parcel], (model) => declarePause(model, queue, pauseMs));

  const consume: Queue['consume'] = async (queue, { concurrency }, handler) => {
    usable(queue);
    if (!(concurrency >= 1)) throw new RangeError(`concurrency must be at least 1, not ${concurrency}`);
    const settings = { address, queue, concurrency, handler, log, deliveryLimit };
    const consumer = await startConsumer({ ...settings, declare: declared(queue), putAside: putAside(queue) });
    const stop = (): Promise<void> => consumer.stop().finally(() => consumers.delete(consumer));
    consumers.add(consumer);
    if (closing) await stop();
    usable(queue);
    return { stop };
  };

  const figures = (queue: string) =>
    management?.figures(queue).then(
      (told) => {
        unheard = false;
        return told;
      },
      (error: unknown) => {
        if (!unheard) log.warn({ error, queue }, `${(error as Error).message} Some figures of the queues are unknown`);
        unheard = true;
        return undefined;
      },
    );
  const depth = async (queue: string): Promise<QueueDepth> => {
    const [[ready, dead], told] = await Promise.all([
      asked(queue, (model) => Promise.all([countReady(model, queue), countReady(model, deadOf(queue))])),
      figures(queue),
    ]);
    const waiting = (ready ?? 0) + (told?.pausing ?? 0);
    return {
      ready: waiting,
      unacknowledged: ready === undefined ? 0 : told?.unacknowledged,
      dead: dead ?? 0,
      oldestSeconds: waiting === 0 ? undefined : told?.oldest(waiting),
      arrivedPerSecond: told?.arrivedPerSecond,
      settledPerSecond: told?.settledPerSecond,
    };
  };

  const dead = deadInRabbit({
    deliveryLimit,
    names: async (prefix) => {
      usable(prefix);
      if (management === undefined) throw noManagement(address);
      return (await management.names(prefix, deadOf(''))).map((name) => name.slice(0, -deadOf('').length));
    },
    onChannel: async (queue, work) => {
      usable(queue);
      const { model } = await outlet.standing(ANSWER_LIMIT_MS);
      return onChannel(model, work).catch((error: unknown) => {
        throw (error as { code?: unknown }).code === 404 ? error : asQueueError(error, address);
      });
    },
    store,
  });

  const close = async (): Promise<void> => {
    await Promise.all([...consumers].map((consumer) => consumer.stop()));
    await Promise.allSettled(publishing);
    management?.close();
    await outlet.close();
  };

  return {
    publish: async (queue, messages) => {
      usable(queue);
      if (messages.length === 0) return;
      const now = Date.now();
      const work = publishTraced('rabbitmq', queue, messages, (stored) =>
        store(
          queue,
          stored.map((one) => parcelOf(one, now)),
        ),
      );
      const settled = work.catch(() => undefined).finally(() => publishing.delete(settled));
      publishing.add(settled);
      await work;
    },
    consume,
    depth,
    dead,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

function noManagement({ where }: Address): EdwinError {
  const text = `RabbitMQ at ${where} has no management API, and only that lists queues.`;
  return new EdwinError('queue.unreachable', text);
}
