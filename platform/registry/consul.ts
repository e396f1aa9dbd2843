import { EdwinError } from '../errors';
import type { Logger } from '../log';
import { consulAddress } from './consul-address';
import { startBell } from './consul-bell';
import { checkDatacenter, openConsulClient } from './consul-client';
import { openConsulEntries } from './consul-entries';
import { openConsulLeases } from './consul-lease';
import type { KeptLease } from './kept-lease';
import type { Registry } from './registry';
import { startWatcher, type Watcher } from './watch';

/**
 * Opens the registry of one environment in Consul, a datacenter for each: `consul+http://:TOKEN@host:port/datacenter`.
 *
 * Entries are services of the agent at that address, with a check of type TTL. Of the two ways to write them down, only
 * an agent's own services have times to live that Consul itself watches (so that names stop resolving to what nobody
 * vouches for, even when all of Edwin is gone), are removed by it when that lasts, and survive its restart; entries of
 * the bare catalog keep their last health for ever. The price: they belong to that agent's node. When an agent is lost,
 * they read as expired and its names no longer resolve; as soon as the address leads to another agent, the next report
 * of each registers it there, and what the lost one left is removed with the instance.
 */
export async function openConsulRegistry(url: string, log: Logger): Promise<Registry> {
  const address = consulAddress(url);
  const client = openConsulClient(address);
  const entries = openConsulEntries(client);
  const leases = openConsulLeases(client);
  const watchers = new Set<Watcher>();
  const held = new Set<KeptLease>();
  let bell: { stop(): Promise<void> } | undefined;
  let closing: Promise<void> | undefined;

  const refuseWhenClosed = (): void => {
    if (closing) throw new EdwinError('registry.closed', `The registry at ${address.where} is closed.`);
  };
  const answer = async <T>(work: () => Promise<T>): Promise<T> => {
    refuseWhenClosed();
    return work();
  };
  const close = async (): Promise<void> => {
    const giveBack = async (lease: KeptLease): Promise<void> => {
      const released = lease.release();
      lease.lose('the registry was closed');
      await released.catch(() => undefined); // its session ends by itself
    };
    await Promise.all([
      bell?.stop(),
      ...[...watchers].map((watcher) => watcher.stop()),
      ...[...held].map((lease) => giveBack(lease)),
    ]);
    client.close();
  };

  const registry: Registry = {
    register: (registration) => answer(() => entries.put(registration)),
    report: (id, health, note = '') => answer(() => entries.report(id, health, note)),
    deregister: (id) => answer(() => entries.remove(id)),
    instances: (service) => answer(async () => (await entries.read(service)).instances),
    watch: (onChange) =>
      answer(async () => {
        await entries.read(); // an error is the caller's; later ones are the watcher's own
        refuseWhenClosed();
        const watcher = startWatcher(() => entries.read(), onChange, log);
        watchers.add(watcher);
        bell ??= startBell(
          client,
          (anew) => {
            for (const one of watchers) one.look(anew);
          },
          log,
        );
        await watcher.first;
        return {
          stop: async () => {
            watchers.delete(watcher);
            const silenced = watchers.size === 0 ? bell : undefined;
            if (silenced) bell = undefined;
            await Promise.all([watcher.stop(), silenced?.stop()]);
          },
        };
      }),
    lease: (name, holder, ttlSeconds) =>
      answer(async () => {
        const lease = await leases.take(name, holder, ttlSeconds);
        if (!lease) return undefined;
        if (closing) await lease.release().catch(() => undefined);
        refuseWhenClosed();
        held.add(lease);
        lease.lost.addEventListener('abort', () => held.delete(lease));
        const release = async (): Promise<void> => {
          held.delete(lease);
          await lease.release();
        };
        return { name, holder, fence: lease.fence, lost: lease.lost, release };
      }),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
  try {
    await checkDatacenter(client, address.datacenter);
    return registry;
  } catch (error) {
    await registry.close();
    throw error;
  }
}
