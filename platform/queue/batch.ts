/**
 * Gathers the items of calls that run at the same time, for work that is cheaper in batches: while one batch is at
 * work, the next one fills. A call resolves when its item is done. If a batch fails, its items are tried one by one,
 * so that only the calls whose own item fails reject.
 */
export function inBatches<T>(most: number, work: (batch: readonly T[]) => Promise<void>): (item: T) => Promise<void> {
  interface Call {
    readonly item: T;
    done(): void;
    failed(error: unknown): void;
  }
  let waiting: Call[] = [];
  let working = false;

  const alone = (call: Call): Promise<void> => work([call.item]).then(call.done, call.failed);
  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, most);
      waiting = waiting.slice(most);
      try {
        await work(batch.map(({ item }) => item));
        for (const call of batch) call.done();
      } catch (error) {
        if (batch.length === 1) batch[0]?.failed(error);
        else for (const call of batch) await alone(call);
      }
    }
    working = false;
  };

  return (item) =>
    new Promise((done, failed) => {
      waiting.push({ item, done, failed });
      if (working) return;
      working = true;
      setImmediate(() => void run());
    });
}
