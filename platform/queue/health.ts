import type { LateQueue } from './late';

export interface QueueWatch {
  /** For `addHealthCheck`: why there is no queue yet, or a sentence while it has not answered for several seconds. */
  readonly problem: () => string | undefined;
  stop(): void;
}

const EVERY_MS = 5_000;
/** A restart of the server is shorter than that and makes nobody unhealthy. */
const PATIENCE_MS = 12_000;

/** Asks for the depth of one queue every 5 s. */
export function watchQueue(
  queue: Pick<LateQueue, 'depth' | 'problem'>,
  name: string,
  now: () => number = Date.now,
): QueueWatch {
  let answered = now();
  const ask = () =>
    queue.depth(name).then(
      () => {
        answered = now();
      },
      () => undefined,
    );
  const timer = setInterval(() => void ask(), EVERY_MS);
  timer.unref();
  return {
    problem: () => queue.problem() ?? (now() - answered > PATIENCE_MS ? 'the queue does not answer' : undefined),
    stop: () => clearInterval(timer),
  };
}
