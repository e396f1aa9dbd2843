import type { ChannelModel, ConfirmChannel } from 'amqplib';
import { EdwinError } from '../../errors';
import type { Address } from './address';
import type { Connection } from './connection';
import { asQueueError } from './errors';
import { OverTime, within } from './limit';
import type { Parcel } from './message';

/** After that a publication that is not confirmed is given up; lost connections and refusals are tried again within. */
const PUBLISH_LIMIT_MS = 10_000;
const BATCH_LIMIT = 500;
const BATCH_LIMIT_BYTES = 8 * 1024 * 1024;
/** Also long enough for consumers to be told of a queue that was deleted, before it is made again: else they are not. */
const PAUSE_MS = 300;

/** What publishing needs on a connection. */
export interface Outlet {
  readonly model: ChannelModel;
  readonly channel: ConfirmChannel;
  /** Queues that are there, as far as is known on this connection. */
  readonly declared: Map<string, Promise<void>>;
  /** How many messages came back for each queue that was not there. */
  readonly returned: Map<string, number>;
}

export async function setUpOutlet(model: ChannelModel, broken: (why: Error) => void): Promise<Outlet> {
  const channel = await model.createConfirmChannel();
  const returned = new Map<string, number>();
  channel.on('error', broken);
  channel.on('close', () => broken(new Error('the channel for publishing was closed')));
  channel.on('return', ({ fields: { routingKey } }) => returned.set(routingKey, (returned.get(routingKey) ?? 0) + 1));
  return { model, channel, declared: new Map(), returned };
}

/**
 * Stores messages in a queue in their order; resolves when the server has confirmed each. What it did not take is
 * published again, after the queue was declared again if it was gone. @throws `queue.unreachable`
 */
export async function publish(
  connection: Connection<Outlet>,
  address: Address,
  queue: string,
  parcels: readonly Parcel[],
  declare: (model: ChannelModel) => Promise<void>,
): Promise<void> {
  for (const batch of batches(parcels)) {
    const end = performance.now() + PUBLISH_LIMIT_MS;
    const left = (): number => end - performance.now();
    let missing: readonly Parcel[] = batch;
    let why: unknown = new OverTime(PUBLISH_LIMIT_MS);
    while (missing.length > 0) {
      const { parts: outlet } = await connection.standing(left());
      try {
        await within(
          left(),
          once(outlet.declared, queue, () => declare(outlet.model)),
        );
        missing = await within(left(), send(outlet, queue, missing));
      } catch (error) {
        if ((error as Error).name === 'RangeError') throw error; // headers that no frame can hold
        const known = asQueueError(error, address);
        if (known.code !== 'queue.unreachable') throw known;
        why = error;
      }
      if (missing.length > 0 && left() > PAUSE_MS) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      else if (missing.length > 0) throw notTaken(address, connection.blocked(), why);
    }
  }
}

/** Returns the parcels that were not confirmed: all, when some of them found no queue. */
async function send({ channel, declared, returned }: Outlet, queue: string, parcels: readonly Parcel[]) {
  const missing = new Set(parcels);
  const before = returned.get(queue);
  await new Promise<void>((resolve, reject) => {
    let open = parcels.length;
    for (const parcel of parcels) {
      const told = (error: unknown): void => {
        if (error === null) missing.delete(parcel);
        if (--open === 0) resolve();
      };
      try {
        channel.publish('', queue, parcel.content, parcel.options, told);
      } catch (error) {
        if ((error as Error).name === 'IllegalOperationError')
          told(error); // the channel was closed
        else reject(error);
      }
    }
  });
  if (returned.get(queue) === before) return [...missing];
  declared.delete(queue);
  return parcels;
}

/** Does the work for a key unless it is being done or was done; a failure is forgotten. */
function once<K>(known: Map<K, Promise<void>>, key: K, work: () => Promise<void>): Promise<void> {
  const begun = known.get(key);
  if (begun) return begun;
  const working = work();
  known.set(key, working);
  working.catch(() => known.delete(key));
  return working;
}

function notTaken(address: Address, blocked: string | undefined, why: unknown): EdwinError {
  if (blocked === undefined) return asQueueError(why, address);
  const text = `RabbitMQ at ${address.where} takes no messages now: ${blocked}.`;
  return new EdwinError('queue.unreachable', text, { cause: why });
}

function* batches(parcels: readonly Parcel[]): Iterable<readonly Parcel[]> {
  let batch: Parcel[] = [];
  let bytes = 0;
  for (const parcel of parcels) {
    if (batch.length === BATCH_LIMIT || (bytes > 0 && bytes + parcel.content.length > BATCH_LIMIT_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(parcel);
    bytes += parcel.content.length;
  }
  if (batch.length > 0) yield batch;
}
