/** No answer within the limit. */
export class NoAnswer extends Error {
  constructor(ms: number) {
    super(`no answer within ${ms / 1000} s`);
  }
}

/**
 * Does `work` with a signal that aborts after `limitMs` or when a parent does, and rejects at that moment whatever
 * `work` makes of it: dockerode waits for ever for the rest of an answer that was cut off.
 * @throws NoAnswer after `limitMs`, else the reason of the parent that aborted
 */
export async function withDeadline<T>(
  limitMs: number,
  parents: readonly AbortSignal[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const own = new AbortController();
  // When this process itself was late, the answer may have come: it is read before the verdict.
  const timer = setTimeout(() => setImmediate(() => own.abort(new NoAnswer(limitMs))), limitMs);
  const stops = parents.map((parent) => {
    const stop = (): void => own.abort(parent.reason);
    if (parent.aborted) stop();
    else parent.addEventListener('abort', stop, { once: true });
    return () => parent.removeEventListener('abort', stop);
  });
  try {
    own.signal.throwIfAborted();
    return await new Promise<T>((resolve, reject) => {
      own.signal.addEventListener('abort', () => reject(own.signal.reason), { once: true });
      work(own.signal).then(resolve, (error) => reject(own.signal.aborted ? own.signal.reason : error));
    });
  } finally {
    clearTimeout(timer);
    for (const stop of stops) stop();
  }
}
