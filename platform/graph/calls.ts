import { EdwinError } from '../errors';

/** Calls of a graph that are under way: closing refuses new ones and waits for these. */
export interface Calls {
  /** @throws `graph.closed` */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when the last call has ended; safe to call twice. */
  close(): Promise<void>;
}

export function countCalls(where: string): Calls {
  const running = new Set<Promise<unknown>>();
  let closed = false;
  return {
    async run(work) {
      if (closed) throw new EdwinError('graph.closed', `The graph at ${where} is closed.`);
      const call = work();
      running.add(call);
      try {
        return await call;
      } finally {
        running.delete(call);
      }
    },
    async close() {
      closed = true;
      await Promise.allSettled(running);
    },
  };
}
