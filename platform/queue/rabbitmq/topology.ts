import { setTimeout } from 'node:timers/promises';
import type { Channel, ChannelModel } from 'amqplib';
import { pauseAfter } from '../backoff';

/**
 * The queues behind one queue of ours. All are quorum queues, and hand over to each other at least once: a message
 * leaves one only when the next has stored it. A colon can not be in a name of ours, so they meet no other.
 *
 *     NAME ── a handler failed ──► NAME:pause-400 ── 0.4 s later, by the server ──► NAME
 *       └──── delivered too often ──► NAME:dead
 */
export const deadOf = (queue: string): string => `${queue}:dead`;
export const pauseOf = (queue: string, ms: number): string => `${queue}:pause-${ms}`;

/** Every message of a queue with a time to live waits equally long, so each length has a queue of its own. */
const PAUSES_MS = [100, 400, 1_600, 6_400, 30_000] as const;

/** The pause after the `attempt`-th delivery, or the next longer there is a queue for. */
export function pauseFor(attempt: number): number {
  const wanted = pauseAfter(attempt);
  return PAUSES_MS.find((ms) => ms >= wanted) ?? PAUSES_MS[PAUSES_MS.length - 1]!;
}

const quorum = { 'x-queue-type': 'quorum', 'x-overflow': 'reject-publish' }; // which at-least-once demands
const handingOverTo = (queue: string) => ({
  'x-dead-letter-exchange': '',
  'x-dead-letter-routing-key': queue,
  'x-dead-letter-strategy': 'at-least-once',
});
/** Reading dead messages counts as delivering them; no number of looks may make the server throw them away. */
const NEVER = 1_000_000_000;

/**
 * RabbitMQ 3.10 puts the registration of a new quorum queue on disk a moment after it has confirmed the queue, and its
 * first messages: a server killed within some 0.3 s has neither. So nothing of ours goes into a queue that is younger.
 */
const REGISTERED_MS = 1_000;

/** Makes sure that the queue and the one for its dead messages are there. @throws an inequivalent one is there */
export async function declare(model: ChannelModel, queue: string, deliveryLimit: number): Promise<void> {
  const made = [
    await ensure(model, deadOf(queue), { 'x-delivery-limit': NEVER }),
    // Redeliveries after which the server itself gives up. Where another program has set another limit, that one holds.
    await ensure(model, queue, { 'x-delivery-limit': deliveryLimit - 1, ...handingOverTo(deadOf(queue)) }),
  ];
  if (made.includes(true)) await setTimeout(REGISTERED_MS);
}

export async function declarePause(model: ChannelModel, queue: string, ms: number): Promise<void> {
  const made = await ensure(model, pauseOf(queue, ms), { 'x-message-ttl': ms, ...handingOverTo(queue) });
  if (made) await setTimeout(REGISTERED_MS);
}

/** Returns whether the queue was not there before. */
async function ensure(model: ChannelModel, queue: string, args: Record<string, unknown>): Promise<boolean> {
  const before = await countReady(model, queue);
  await onChannel(model, (channel) =>
    channel.assertQueue(queue, { durable: true, arguments: { ...quorum, ...args } }),
  ).catch((error: unknown) => {
    if (!/inequivalent arg 'x-delivery-limit'/.test(String(error))) throw error;
  });
  return before === undefined;
}

/** A channel for what may fail: the server ends a channel with any error on it. */
export async function onChannel<T>(model: ChannelModel, work: (channel: Channel) => Promise<T>): Promise<T> {
  const channel = await model.createChannel();
  channel.on('error', () => undefined); // told by what was asked, too
  try {
    const result = await work(channel);
    await channel.close();
    return result;
  } catch (error) {
    await channel.close().catch(() => undefined);
    throw error;
  }
}

/** Messages in the queue that nobody has; undefined when there is no such queue. */
export async function countReady(model: ChannelModel, queue: string): Promise<number | undefined> {
  try {
    return await onChannel(model, async (channel) => (await channel.checkQueue(queue)).messageCount);
  } catch (error) {
    if ((error as { code?: number }).code === 404) return undefined;
    throw error;
  }
}
