import { setTimeout as pause } from 'node:timers/promises';
import type { Channel, GetMessage } from 'amqplib';
import type { DeadMessage, DeadMessages } from '../queue';
import { deadOne, envelopeOf, type Parcel, repacked } from './message';
import { deadOf } from './topology';

export interface DeadParts {
  readonly deliveryLimit: number;
  /** Names of the queues that begin so and have a queue for their dead. */
  names(prefix: string): Promise<string[]>;
  /** Works on a channel of its own; its end gives back what was read and not settled, in its place. */
  onChannel<T>(queue: string, work: (channel: Channel) => Promise<T>): Promise<T>;
  /** Resolves when the server has stored them. */
  store(queue: string, parcels: readonly Parcel[]): Promise<void>;
}

/** So many are replayed at once. */
const BATCH = 100;
const RETURN_LIMIT_MS = 2_000;
const LOOK_EVERY_MS = 10;

/** Dead messages lie in a queue of their own, from which each is taken only when it is stored elsewhere, or dropped. */
export function deadInRabbit({ deliveryLimit, names, onChannel, store }: DeadParts): DeadMessages {
  /** The server gives back a moment after the channel's end; who asks next would find less than there is. */
  const givenBack = (queue: string, count: number): Promise<void> =>
    onChannel(queue, async (channel) => {
      for (const limit = Date.now() + RETURN_LIMIT_MS; Date.now() < limit; await pause(LOOK_EVERY_MS))
        if ((await channel.checkQueue(deadOf(queue))).messageCount >= count) return;
    });
  const settle = (queue: string, which: readonly string[] | 'all', before: (batch: GetMessage[]) => Promise<void>) =>
    onChannel(queue, (channel) => settleDead(channel, deadOf(queue), which, before))
      .then(async ({ settled, kept }) => {
        await givenBack(queue, kept);
        return settled;
      })
      .catch(unlessMissing(0));
  return {
    queues: names,
    list: (queue, limit) =>
      onChannel(queue, (channel) => readDead(channel, deadOf(queue), limit))
        .then(async (messages) => {
          await givenBack(queue, messages.length);
          return messages.map((message) => deadOne(message, deliveryLimit));
        })
        .catch(unlessMissing<DeadMessage[]>([])),
    replay: (queue, which) =>
      settle(queue, which, (batch) =>
        store(
          queue,
          batch.map((message) => repacked(message, {})),
        ),
      ),
    drop: (queue, which) => settle(queue, which, async () => undefined),
  };
}

async function readDead(channel: Channel, dead: string, limit: number): Promise<GetMessage[]> {
  const found: GetMessage[] = [];
  while (found.length < limit) {
    const message = await channel.get(dead);
    if (message === false) break;
    found.push(message);
  }
  return found;
}

/** Goes once through what is dead now; `before` is done for a batch of those wanted before they are let go. */
async function settleDead(
  channel: Channel,
  dead: string,
  which: readonly string[] | 'all',
  before: (batch: GetMessage[]) => Promise<void>,
): Promise<{ settled: number; kept: number }> {
  const wanted = which === 'all' ? undefined : new Set(which);
  const { messageCount } = await channel.checkQueue(dead);
  let batch: GetMessage[] = [];
  let settled = 0;
  let kept = 0;
  const letGo = async (): Promise<void> => {
    if (batch.length > 0) await before(batch);
    for (const message of batch) channel.ack(message);
    settled += batch.length;
    batch = [];
  };
  for (let seen = 0; seen < messageCount; seen++) {
    const message = await channel.get(dead);
    if (message === false) break;
    if (!wanted || wanted.has(envelopeOf(message).id)) batch.push(message);
    else kept += 1;
    if (batch.length === BATCH) await letGo();
  }
  await letGo();
  return { settled, kept };
}

/** Of a queue that nobody has used yet nothing is dead. */
function unlessMissing<T>(nothing: T): (error: unknown) => T {
  return (error) => {
    if ((error as { code?: unknown }).code === 404) return nothing;
    throw error;
  };
}
