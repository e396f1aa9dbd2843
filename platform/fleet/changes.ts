import { type Listener, listen } from '../database/listen';
import type { Cell } from './cell';
import type { Listing } from './listing';

/** What was announced; `unknown` after a time of deafness, when anything may have changed. */
type Change =
  | { readonly what: 'operations'; readonly operation: number }
  | { readonly what: 'hosts'; readonly cell: Cell }
  | { readonly what: 'serving' | 'capacity' | 'releases' | 'unknown' };

/** Something changed: in the journal by any process, or on the hosts. */
export interface Changes {
  on(callback: (change: Change) => void): { stop(): void };
  /** At most every 100 ms, and once after the last change. */
  watch(onChange: () => void): { stop(): void };
  close(): Promise<void>;
}

const PAUSE_MS = 100;

/** Listens on the channel `fleet`, to which triggers of the schema notify. */
export async function openChanges(databaseUrl: string, listing: Listing): Promise<Changes> {
  const callbacks = new Set<(change: Change) => void>();
  const announce = (change: Change): void => {
    for (const callback of callbacks) callback(change);
  };
  const heard = (_channel: string, payload: string): void => {
    const [table, id] = payload.split(' ');
    if (table === 'operations') announce({ what: 'operations', operation: Number(id) });
    else if (table === 'serving' || table === 'capacity' || table === 'releases') announce({ what: table });
  };
  const listener: Listener = await listen(databaseUrl, ['fleet'], heard, {
    onReconnect: () => announce({ what: 'unknown' }),
  });
  const hosts = listing.onChange((cell) => announce({ what: 'hosts', cell }));
  const on = (callback: (change: Change) => void): { stop(): void } => {
    callbacks.add(callback);
    return { stop: () => void callbacks.delete(callback) };
  };
  return {
    on,
    watch(onChange) {
      const throttled = atMostEvery(PAUSE_MS, onChange);
      const subscription = on(() => throttled.call());
      return {
        stop() {
          subscription.stop();
          throttled.stop();
        },
      };
    },
    async close() {
      hosts.stop();
      callbacks.clear();
      await listener.stop();
    },
  };
}

/** The first call passes at once, later ones together after the pause. */
function atMostEvery(pauseMs: number, work: () => void): { call(): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let waiting = false;
  const pass = (): void => {
    waiting = false;
    timer = setTimeout(() => {
      timer = undefined;
      if (waiting) pass();
    }, pauseMs);
    work();
  };
  return {
    call() {
      if (timer === undefined) pass();
      else waiting = true;
    },
    stop: () => clearTimeout(timer),
  };
}
