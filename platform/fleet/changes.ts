import { type Listener, listen } from '../database/listen';
import type { Listing } from './listing';

/** Something changed: in the journal by any process, or on the hosts. */
export interface Changes {
  /** Called for each announcement, with the operation it is about, if it is about one. */
  on(callback: (operation: number | undefined) => void): { stop(): void };
  /** At most every 100 ms, and once after the last change. */
  watch(onChange: () => void): { stop(): void };
  close(): Promise<void>;
}

const PAUSE_MS = 100;

/** Listens on the channel `fleet`, to which triggers of the schema notify. */
export async function openChanges(databaseUrl: string, listing: Listing): Promise<Changes> {
  const callbacks = new Set<(operation: number | undefined) => void>();
  const announce = (operation: number | undefined): void => {
    for (const callback of callbacks) callback(operation);
  };
  const heard = (_channel: string, payload: string): void => {
    const [table, id] = payload.split(' ');
    announce(table === 'operations' ? Number(id) : undefined);
  };
  const listener: Listener = await listen(databaseUrl, ['fleet'], heard, { onReconnect: () => announce(undefined) });
  const hosts = listing.onChange(() => announce(undefined));
  const on = (callback: (operation: number | undefined) => void): { stop(): void } => {
    callbacks.add(callback);
    return { stop: () => void callbacks.delete(callback) };
  };
  return {
    on,
    watch(onChange) {
      const throttled = atMostEvery(PAUSE_MS, onChange);
      const subscription = on(throttled.call);
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
