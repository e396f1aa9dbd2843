import { EdwinError } from '../errors';

/** The calls of an open store: after it was closed there are no more, and closing waits for those that run. */
export interface Calls {
  run<T>(work: () => Promise<T>): Promise<T>;
  readonly closed: boolean;
  /** Resolves when none runs any more. */
  close(): Promise<void>;
}

/** @param asPortError sorts what a call throws under the port's codes */
export function createCalls(where: string, asPortError: (error: unknown) => unknown): Calls {
  const running = new Set<Promise<unknown>>();
  let closed = false;
  return {
    get closed() {
      return closed;
    },
    async run(work) {
      if (closed) throw new EdwinError('telemetry.closed', `The store at ${where} was closed.`);
      const result = work().catch((error: unknown) => Promise.reject(asPortError(error)));
      const settled = result.catch(() => undefined);
      running.add(settled);
      void settled.then(() => running.delete(settled));
      return result;
    },
    async close() {
      closed = true;
      await Promise.all(running);
    },
  };
}
