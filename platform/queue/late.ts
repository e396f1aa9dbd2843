import { setTimeout as pause } from 'node:timers/promises';
import { reconnectPause } from '../database/reconnect';
import { EdwinError } from '../errors';
import type { Logger } from '../log';
import type { Consumer, Queue } from './queue';

/** A queue that a program also starts with while its server is away: it waits for the server instead of ending. */
export interface LateQueue extends Pick<Queue, 'publish' | 'depth' | 'close'> {
  /** As of the queue, but waits for half a second at most: messages are taken from when the server is there. */
  consume(...args: Parameters<Queue['consume']>): Promise<Consumer>;
  /**
   * Why there is no queue yet, or why messages are not taken from it yet; undefined from then on, as it finds back by
   * itself.
   */
  problem(): string | undefined;
}

/** So long a start waits for the server; one that is well takes a small part of it. */
const PATIENCE_MS = 500;

/**
 * Opens the queue, or goes on trying when its server does not answer within half a second. Until there is one,
 * `publish` and `depth` reject with `queue.unreachable`.
 * @throws `config.invalid` or `queue.refused` when that is known by then; later it is logged, and tried again
 */
export async function openLateQueue(openQueue: () => Promise<Queue>, log: Logger): Promise<LateQueue> {
  const closing = new AbortController();
  let trouble = new EdwinError('queue.unreachable', 'The server of the queue has not answered yet.');
  let queue: Queue | undefined;

  /** Undefined when it is ended meanwhile. */
  const insist = async <T>(work: () => Promise<T>, end = closing.signal): Promise<T | undefined> => {
    for (let failures = 0; !end.aborted; failures++) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof EdwinError)) throw error;
        if (error.message !== trouble.message && !end.aborted)
          log.warn({ error }, `${error.message} Going on without the queue, and trying again`);
        trouble = error;
        await pause(reconnectPause(failures), undefined, { signal: end }).catch(() => undefined);
      }
    }
    return undefined;
  };
  const open = async (): Promise<Queue> => (queue = await openQueue());

  let first: Promise<Queue> | undefined = open();
  const early = await Promise.race([
    first.then(
      () => undefined,
      (error: unknown) => error,
    ),
    pause(PATIENCE_MS, undefined, { ref: false }),
  ]);
  if (early instanceof EdwinError && early.code !== 'queue.unreachable') throw early;
  const coming = insist(() => {
    const attempt = first ?? open();
    first = undefined;
    return attempt;
  });

  const opened = (): Queue => {
    if (queue === undefined) throw trouble;
    return queue;
  };
  /** Subscriptions that do not stand yet. */
  const pending = new Set<Promise<unknown>>();
  return {
    publish: async (...args) => opened().publish(...args),
    depth: async (name) => opened().depth(name),
    async consume(...args) {
      const stopping = new AbortController();
      const end = AbortSignal.any([closing.signal, stopping.signal]);
      const standing = coming.then((there) => there && insist(() => there.consume(...args), end));
      pending.add(standing);
      void standing.finally(() => pending.delete(standing));
      if (queue) await Promise.race([standing, pause(PATIENCE_MS, undefined, { ref: false })]);
      return {
        async stop() {
          stopping.abort();
          if (queue) await (await standing)?.stop();
        },
      };
    },
    problem: () => (queue === undefined || pending.size > 0 ? trouble.message : undefined),
    async close() {
      closing.abort();
      await coming;
      await queue?.close();
    },
  };
}
