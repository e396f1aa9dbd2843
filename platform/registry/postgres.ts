import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Listener, listen } from '../database/listen';
import { migrate } from '../database/migrate';
import { asPortError, isConnectionLoss, openPool, whereOf } from '../database/postgres';
import { EdwinError } from '../errors';
import type { Logger } from '../log';
import { changes, putEntry, readEntries, removeEntry, reportEntry } from './entries';
import type { KeptLease } from './kept-lease';
import { takeLease } from './lease';
import type { Registry } from './registry';
import { startWatcher, type Watcher } from './watch';

const ANSWER_LIMIT_MS = 5_000;

/** Opens the registry kept in schema `registry` of a PostgreSQL database, one for each environment. */
export async function openPostgresRegistry(url: string, log: Logger): Promise<Registry> {
  const pool = openPool(url, {
    max: 2,
    idleTimeoutMillis: 10_000,
    connectionTimeoutMillis: ANSWER_LIMIT_MS,
    query_timeout: ANSWER_LIMIT_MS,
  });
  const watchers = new Set<Watcher>();
  const leases = new Set<KeptLease>();
  let listening: Promise<Listener> | undefined;
  let closing: Promise<void> | undefined;

  /** Names errors by this port. */
  const once = async <T>(work: () => Promise<T>): Promise<T> => {
    if (closing) throw new EdwinError('registry.closed', `The registry at ${whereOf(url)} is closed.`);
    try {
      return await work();
    } catch (error) {
      throw asPortError(error, 'registry', whereOf(url));
    }
  };
  /** Repeats once what met a connection that was cut while it idled, which shows soon. */
  const answer = <T>(work: () => Promise<T>): Promise<T> =>
    once(() => {
      const begun = performance.now();
      return work().catch((error: unknown) => {
        if (isConnectionLoss(error) && performance.now() - begun < ANSWER_LIMIT_MS / 2) return work();
        throw error;
      });
    });
  const look = (anew: boolean): void => {
    for (const watcher of watchers) watcher.look(anew);
  };
  const listenOnce = (): Promise<Listener> => {
    listening ??= listen(url, [changes], () => look(false), {
      onLost: () => {
        for (const lease of leases) lease.lose('the connection to the registry ended');
        leases.clear();
      },
      onReconnect: () => look(true),
    }).catch((error: unknown) => {
      listening = undefined;
      throw error;
    });
    return listening;
  };

  const close = async (): Promise<void> => {
    const giveBack = async (lease: KeptLease): Promise<void> => {
      const released = lease.release();
      lease.lose('the registry was closed');
      await released.catch(() => undefined); // the end of the connection frees it, too
    };
    await Promise.all([...[...watchers].map((watcher) => watcher.stop()), ...[...leases].map(giveBack)]);
    const ended = Promise.all([listening?.then((listener) => listener.stop()).catch(() => undefined), pool.end()]);
    // A server that hangs does not say goodbye.
    await Promise.race([ended, pause(ANSWER_LIMIT_MS, undefined, { ref: false })]);
  };

  const registry: Registry = {
    register: (registration) => answer(() => putEntry(pool, registration)),
    report: (id, health, note = '') => answer(() => reportEntry(pool, id, health, note)),
    deregister: (id) => answer(() => removeEntry(pool, id)),
    instances: (service) => answer(async () => (await readEntries(pool, service)).instances),
    watch: async (onChange) => {
      await once(listenOnce);
      const watcher = startWatcher(() => readEntries(pool), onChange, log);
      watchers.add(watcher);
      await watcher.first;
      return {
        stop: async () => {
          watchers.delete(watcher);
          await watcher.stop();
        },
      };
    },
    lease: async (name, holder, ttlSeconds) => {
      const listener = await once(listenOnce);
      const session = listener.session();
      if (session === undefined)
        throw new EdwinError('registry.unreachable', `The connection to ${whereOf(url)} is being made again.`);
      const lease = await once(() => takeLease(pool, session, name, holder, ttlSeconds));
      if (!lease) return undefined;
      leases.add(lease);
      if (listener.session() !== session) lease.lose('the connection to the registry ended');
      lease.lost.addEventListener('abort', () => leases.delete(lease));
      const release = async (): Promise<void> => {
        leases.delete(lease);
        await lease.release().catch((error: unknown) => {
          throw asPortError(error, 'registry', whereOf(url));
        });
      };
      return { name, holder, fence: lease.fence, lost: lease.lost, release };
    },
    close: () => {
      closing ??= close();
      return closing;
    },
  };
  try {
    await migrate(pool, join(__dirname, 'migrations'), 'registry');
    return registry;
  } catch (error) {
    await registry.close();
    throw asPortError(error, 'registry', whereOf(url));
  }
}
