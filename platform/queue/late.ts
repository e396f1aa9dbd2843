import { setTimeout as pause } from 'node:timers/promises';
import { reconnectPause } from '../database/reconnect';
import { EdwinError } from '../errors';
import type { Logger } from '../log';
import type { Queue } from './queue';

/** For a program that has work to do without its queue: it starts also while the queue's server is away. */
export interface LateQueue extends Pick<Queue, 'publish' | 'close'> {
  /** As of the queue, but does not wait: messages are taken from when the server is there. */
  consume(...args: Parameters<Queue['consume']>): void;
  /** Why there is no queue yet; undefined once there is one, which finds back by itself. */
  problem(): string | undefined;
}

/** So long a start waits for the server; one that is well takes a small part of it. */
const PATIENCE_MS = 500;

/**
 * Opens the queue, or goes on trying when its server does not answer within half a second. Until there is one,
 * `publish` rejects with `queue.unreachable`.
 * @throws `config.invalid` or `queue.refused` when that is known by then; later it is logged, and tried again
 */
export async function openLateQueue(openQueue: () => Promise<Queue>, log: Logger): Promise<LateQueue> {
  const closing = new AbortController();
  let trouble = new EdwinError('queue.unreachable', 'The server of the queue has not answered yet.');
  let queue: Queue | undefined;

  /** Undefined when it is closed meanwhile. */
  const insist = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    for (let failures = 0; !closing.signal.aborted; failures++) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof EdwinError)) throw error;
        if (error.message !== trouble.message && !closing.signal.aborted)
          log.warn({ error }, `${error.message} Going on without the queue, and trying again`);
        trouble = error;
        await pause(reconnectPause(failures), undefined, { signal: closing.signal }).catch(() => undefined);
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

  return {
    publish: async (...args) => {
      if (queue === undefined) throw trouble;
      await queue.publish(...args);
    },
    consume: (...args) => void coming.then((there) => there && insist(() => there.consume(...args))),
    problem: () => (queue === undefined ? trouble.message : undefined),
    async close() {
      closing.abort();
      await coming;
      await queue?.close();
    },
  };
}
