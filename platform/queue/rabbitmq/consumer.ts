import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { reconnectPause } from '../../database/reconnect';
import type { Logger } from '../../log';
import { handleTraced, logFailure, reasonOf } from '../handling';
import type { Consumer, IncomingMessage, MessageHandler } from '../queue';
import type { Address } from './address';
import { openConnection } from './connection';
import { within } from './limit';
import { envelopeOf, incomingOf, type Parcel, repacked } from './message';
import { pauseFor } from './topology';

export interface ConsumerOptions {
  readonly address: Address;
  readonly queue: string;
  readonly concurrency: number;
  readonly handler: MessageHandler;
  readonly log: Logger;
  readonly deliveryLimit: number;
  declare(model: ChannelModel): Promise<void>;
  /** Resolves when the server has stored it: in the queue of a pause, or in that of the dead when it is undefined. */
  putAside(parcel: Parcel, pauseMs: number | undefined): Promise<void>;
}

/** One message, from its first delivery here until it is settled. */
interface Hand {
  readonly attempt: number;
  /** More than one when the message came again meanwhile: published twice, or delivered anew after a lost connection. */
  readonly deliveries: Delivery[];
}

interface Delivery {
  readonly tap: Tap;
  readonly message: ConsumeMessage;
}

/** A channel that messages come from; what came from it can be settled only while it is open. */
interface Tap {
  readonly channel: Channel;
  open: boolean;
  /** Names the subscription, if there is one. */
  tag?: string;
}

const CANCEL_LIMIT_MS = 2_000;
const PREFETCH_LIMIT = 65_535;

/**
 * Takes messages of one queue on a connection of its own, so that trouble with one queue leaves the others alone.
 *
 *     delivered ─┬─ in hand already: settled together with that one
 *                ├─ no hand is free (those of a lost connection are still at work): waits
 *                └─► handler ─┬─ done ────────────────────────────────► acknowledged
 *                             └─ failed ─► stored for its pause, or as dead ─► acknowledged
 *
 * A crash between storing and acknowledging delivers it twice. A message whose connection was lost can not be
 * acknowledged any more: the server delivers it again.
 */
export async function startConsumer(options: ConsumerOptions): Promise<Consumer> {
  const { address, queue, concurrency, log, deliveryLimit } = options;
  const hands = new Map<string, Hand>();
  let waiting: Delivery[] = [];
  let stopping: Promise<void> | undefined;
  let idle: () => void = () => undefined;

  const setUp = async (model: ChannelModel, broken: (why: Error) => void): Promise<Tap> => {
    await options.declare(model);
    const channel = await model.createChannel();
    const tap: Tap = { channel, open: true };
    channel.on('error', broken);
    channel.on('close', () => {
      tap.open = false;
      broken(new Error(`the channel for ${queue} was closed`));
    });
    await channel.prefetch(Math.min(concurrency, PREFETCH_LIMIT));
    const deliver = (message: ConsumeMessage | null): void => {
      if (message === null) broken(new Error(`the server took the consumer off ${queue}`));
      else context.with(ROOT_CONTEXT, () => take({ tap, message }));
    };
    if (!stopping) tap.tag = (await channel.consume(queue, deliver)).consumerTag;
    return tap;
  };

  const take = (delivery: Delivery): void => {
    const known = hands.get(keyOf(delivery));
    if (known) known.deliveries.push(delivery);
    else if (!stopping && hands.size < concurrency) void handle(delivery);
    else waiting.push(delivery);
  };

  const handle = async (delivery: Delivery): Promise<void> => {
    const { attempt } = envelopeOf(delivery.message);
    const hand: Hand = { attempt, deliveries: [delivery] };
    hands.set(keyOf(delivery), hand);
    try {
      if (attempt > deliveryLimit)
        throw new Lost(`it was delivered ${deliveryLimit} times, each time to a consumer that was lost`);
      const message = readable(delivery);
      const age = (Date.now() - message.publishedAt.getTime()) / 1000;
      await handleTraced({ system: 'rabbitmq', queue, handler: options.handler, log }, message, Math.max(0, age));
      settle(hand);
    } catch (error) {
      await fail(delivery, hand, error);
    }
    hands.delete(keyOf(delivery));
    waiting = waiting.filter(({ tap }) => tap.open);
    while (!stopping && waiting.length > 0 && hands.size < concurrency) take(waiting.shift()!);
    if (hands.size === 0) idle();
  };

  const fail = async ({ message }: Delivery, hand: Hand, error: unknown): Promise<void> => {
    const { attempt } = hand;
    const { id } = envelopeOf(message);
    const dead = attempt >= deliveryLimit || error instanceof Unreadable;
    const pauseMs = dead ? undefined : pauseFor(attempt);
    logFailure(log, { queue, id, attempt, text: `Handling message ${id} failed`, error }, pauseMs);
    const attempts = error instanceof Lost ? attempt - 1 : attempt;
    const parcel = dead
      ? repacked(message, { attempts, diedAt: Date.now(), reason: reasonOf(error) })
      : repacked(message, { attempts });
    for (let failures = 0; hand.deliveries.some(({ tap }) => tap.open); failures++) {
      try {
        await options.putAside(parcel, pauseMs);
        return settle(hand);
      } catch (trouble) {
        if (failures === 0)
          log.warn({ error: trouble, queue, id }, `Message ${id} can not be put aside now, trying again`);
      }
      if (stopping) return hand.deliveries.forEach(giveBack);
      await new Promise((resolve) => setTimeout(resolve, reconnectPause(failures)));
    }
  };

  const connection = await openConnection({ address, log, name: `edwin consumes ${queue}`, setUp });

  const stop = async (): Promise<void> => {
    const standing = await connection.standing(0).catch(() => undefined); // lost: nothing comes any more
    if (standing) {
      const { channel, tag } = standing.parts;
      if (tag !== undefined) await within(CANCEL_LIMIT_MS, channel.cancel(tag)).catch(() => undefined);
    }
    waiting.splice(0).forEach(giveBack);
    while (hands.size > 0) await new Promise<void>((resolve) => (idle = resolve));
    await connection.close();
  };
  return {
    stop: () => {
      stopping ??= Promise.resolve().then(stop);
      return stopping;
    },
  };
}

/** Its body is not JSON: it was not published through the port, and no handler can do anything with it. */
class Unreadable extends Error {}
class Lost extends Error {}

function readable({ message }: Delivery): IncomingMessage {
  try {
    return incomingOf(message);
  } catch (error) {
    throw new Unreadable(`its body is not JSON: ${(error as Error).message}`);
  }
}

/** Messages without an id are told apart by where they are on their channel. */
function keyOf({ message }: Delivery): string {
  return envelopeOf(message).id || `\0${message.fields.consumerTag} ${message.fields.deliveryTag}`;
}

function settle({ deliveries }: Hand): void {
  for (const { tap, message } of deliveries) orLost(() => tap.channel.ack(message));
}

function giveBack({ tap, message }: Delivery): void {
  orLost(() => tap.channel.nack(message, false, true));
}

/** What was to be told to a channel that is closed is told by its end. */
function orLost(tell: () => void): void {
  try {
    tell();
  } catch (error) {
    if ((error as Error).name !== 'IllegalOperationError') throw error;
  }
}
