import { type ChannelModel, connect } from 'amqplib';
import { reconnectPause } from '../../database/reconnect';
import { EdwinError } from '../../errors';
import type { Logger } from '../../log';
import type { Address } from './address';
import { asQueueError } from './errors';
import { OverTime, within } from './limit';

/** Until a server has taken a new connection, and again until what is set up on it stands. */
const CONNECT_LIMIT_MS = 5_000;
const SETUP_LIMIT_MS = 10_000;
const CLOSE_LIMIT_MS = 2_000;
/** A connection that is lost sooner counts as a failed one, so that the pauses before the next ones grow. */
const PROVEN_MS = 5_000;

export interface ConnectionOptions<S> {
  readonly address: Address;
  readonly log: Logger;
  /** Shown by the server beside the connection. */
  readonly name: string;
  /** Makes what is needed on each new connection; `broken` ends it, so that all of it is made again. */
  setUp(model: ChannelModel, broken: (why: Error) => void): Promise<S>;
}

/** A connection that is made again, with what is set up on it, whenever it is lost. */
export interface Connection<S> {
  /** What stands now. While nothing does, waits for it at most so long. @throws `queue.unreachable`, `queue.closed` */
  standing(limitMs: number): Promise<Standing<S>>;
  /** Why the server takes no messages now, if it says so. */
  blocked(): string | undefined;
  /** Lets go in order, or without the server when that does not answer. */
  close(): Promise<void>;
}

interface Standing<S> {
  readonly model: ChannelModel;
  readonly parts: S;
}

/**
 *     connecting ──► setting up ──► standing ──┐ lost: connection or one of its channels
 *         ▲  └───────────┴─ failed ─┐          │
 *         └──────── pause ◄─────────┴──────────┘
 *
 * amqplib's own recovery is not used: while a server hangs, the end of a failed setup waits for that server, for ever.
 * Rejects when the first connection can not be made.
 */
export async function openConnection<S>({ address, log, name, setUp }: ConnectionOptions<S>): Promise<Connection<S>> {
  let now: Standing<S> | undefined;
  const waiters = new Set<{ resolve(standing: Standing<S>): void; reject(error: Error): void }>();
  let last: unknown;
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;
  let making: Promise<void> | undefined;
  let blocked: string | undefined;
  let closing: Promise<void> | undefined;

  const make = async (): Promise<void> => {
    const model = await openModel(address, name);
    let lost: Error | undefined;
    const since = performance.now();
    model.on('blocked', (reason) => (blocked = reason));
    model.on('unblocked', () => (blocked = undefined));
    model.on('error', (error) => (lost ??= error));
    model.on('close', () => {
      lost ??= new Error('the connection was closed');
      if (now?.model !== model) return;
      now = undefined;
      blocked = undefined;
      failures = performance.now() - since > PROVEN_MS ? 0 : failures + 1;
      again(lost);
    });
    try {
      const parts = await within(
        SETUP_LIMIT_MS,
        setUp(model, (why) => destroy(model, why)),
      );
      if (lost) throw lost;
      if (closing) throw closed(address);
      now = { model, parts };
    } catch (error) {
      destroy(model, error);
      throw lost ?? error;
    }
    for (const waiter of waiters) waiter.resolve(now);
    waiters.clear();
  };

  const again = (why: unknown): void => {
    if (closing) return;
    if (last === undefined)
      log.warn({ error: why, connection: name }, `${asQueueError(why, address).message} Trying again`);
    last = why;
    timer = setTimeout(() => {
      making = make().then(
        () => {
          last = undefined;
          log.info({ event: 'queue.reconnected', connection: name }, `RabbitMQ at ${address.where} is back`);
        },
        (error: unknown) => {
          failures++;
          again(error);
        },
      );
    }, reconnectPause(failures));
  };

  const standing = (limitMs: number): Promise<Standing<S>> => {
    if (closing) return Promise.reject(closed(address));
    if (now) return Promise.resolve(now);
    let leave = (): unknown => undefined;
    const coming = new Promise<Standing<S>>((resolve, reject) => {
      const waiter = { resolve, reject };
      waiters.add(waiter);
      leave = () => waiters.delete(waiter);
    });
    return within(limitMs, coming).catch((error: unknown) => {
      leave();
      throw asQueueError(error instanceof OverTime ? (last ?? error) : error, address);
    });
  };

  const close = async (): Promise<void> => {
    clearTimeout(timer);
    for (const waiter of waiters) waiter.reject(closed(address));
    waiters.clear();
    await making;
    const model = now?.model;
    if (model) await within(CLOSE_LIMIT_MS, model.close()).catch((error: unknown) => destroy(model, error));
  };

  try {
    await make();
  } catch (error) {
    throw asQueueError(error, address);
  }
  return {
    standing,
    blocked: () => blocked,
    close: () => {
      closing ??= Promise.resolve().then(close);
      return closing;
    },
  };
}

async function openModel({ connect: options, tls }: Address, name: string): Promise<ChannelModel> {
  const coming = connect(options, {
    ...tls,
    timeout: CONNECT_LIMIT_MS,
    noDelay: true,
    keepAlive: true,
    clientProperties: { connection_name: name },
  });
  try {
    return await within(CONNECT_LIMIT_MS + 1_000, coming);
  } catch (error) {
    coming.then((late) => destroy(late, error)).catch(() => undefined);
    throw error;
  }
}

/** Ends a connection here and now: closing it in order would wait for the server. */
function destroy(model: ChannelModel, why: unknown): void {
  model.on('error', () => undefined);
  const { stream } = model.connection as unknown as { stream: { destroy(error: Error): void } };
  stream.destroy(why instanceof Error ? why : new Error(String(why)));
}

function closed({ where }: Address): EdwinError {
  return new EdwinError('queue.closed', `The queue at ${where} is closed.`);
}
