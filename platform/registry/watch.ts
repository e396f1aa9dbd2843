import { reconnectPause } from '../database/reconnect';
import type { Logger } from '../log';
import type { RegisteredInstance } from './registry';

export interface Entries {
  readonly instances: RegisteredInstance[];
  /** Seconds until the first of them expires; undefined when none will. */
  readonly nextExpiry: number | undefined;
}

export interface Watcher {
  /** Something may have changed; `anew`: tell the present entries even if they are the same. */
  look(anew?: boolean): void;
  /** Resolves when `onChange` was called for the first time. */
  readonly first: Promise<void>;
  stop(): Promise<void>;
}

/** A timer fires this long after an entry's time, so that the server agrees that it is over. */
const LATE_MS = 5;

/** Calls `onChange` when the entries read differently, one call after the other; sees by itself when one expires. */
export function startWatcher(
  read: () => Promise<Entries>,
  onChange: (instances: readonly RegisteredInstance[]) => void | Promise<void>,
  log: Logger,
): Watcher {
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> | undefined;
  let again = false;
  let anewNext = true;
  let seen = '';
  let failures = 0;
  let stopped = false;
  let told: () => void = () => undefined;
  const first = new Promise<void>((resolve) => {
    told = resolve;
  });

  const pass = async (): Promise<void> => {
    again = false;
    const { instances, nextExpiry } = await read();
    failures = 0;
    const reading = JSON.stringify(instances, (key, value) => (key === 'reportedAt' ? undefined : value));
    if (!stopped && (anewNext || reading !== seen)) {
      anewNext = false;
      seen = reading;
      try {
        await onChange(instances);
      } catch (error) {
        log.error({ error }, 'A watcher of the registry failed');
      }
      told();
    }
    if (nextExpiry !== undefined) sleep(nextExpiry * 1000 + LATE_MS);
  };
  const sleep = (ms: number): void => {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(look, Math.min(ms, 2 ** 30));
  };
  const work = async (): Promise<void> => {
    do {
      try {
        await pass();
      } catch (error) {
        if (failures === 0) log.warn({ error }, 'The registry does not answer, trying again');
        sleep(reconnectPause(failures++));
      }
    } while (again && !stopped && failures === 0);
    working = undefined;
  };
  const look = (): void => {
    again = true;
    if (!stopped) working ??= work();
  };

  look();
  return {
    first,
    look: (anew = false) => {
      anewNext ||= anew;
      look();
    },
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await working;
      told();
    },
  };
}
