import type { Changes } from './changes';
import { finalStates, type Operation } from './fleet';

/** Yields the operation now and whenever it has changed, until it is final or `signal` aborts. */
export async function* followOperation(
  changes: Changes,
  read: () => Promise<Operation>,
  id: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Operation> {
  let changed = true;
  let wake = (): void => undefined;
  const notice = (): void => {
    changed = true;
    wake();
  };
  const subscription = changes.on((change) => {
    if (change.what === 'unknown' || (change.what === 'operations' && change.operation === id)) notice();
  });
  signal?.addEventListener('abort', notice);
  try {
    for (let last = ''; ; ) {
      if (!changed)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      changed = false;
      if (signal?.aborted) return;
      const operation = await read();
      const text = JSON.stringify(operation);
      if (text !== last) yield operation;
      last = text;
      if (finalStates.includes(operation.state)) return;
    }
  } finally {
    subscription.stop();
    signal?.removeEventListener('abort', notice);
  }
}
