import type { Queue } from './queue';

export interface QueueWatch {
  /** For `addHealthCheck`: a sentence while the queue has not answered for several seconds. */
  readonly problem: () => string | undefined;
  stop(): void;
}

const EVERY_MS = 5_000;
/** A restart of the server is shorter than that and makes nobody unhealthy. */
const PATIENCE_MS = 12_000;

/** Asks for the depth of one queue every 5 s. */
export function watchQueue(queue: Queue, name: string, now: () => number = Date.now): QueueWatch {
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
    problem: () => (now() - answered > PATIENCE_MS ? 'the queue does not answer' : undefined),
    stop: () => clearInterval(timer),
  };
}
