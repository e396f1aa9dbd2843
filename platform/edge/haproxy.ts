import { setTimeout as pause } from 'node:timers/promises';
import { EdwinError } from '../errors';
import type { Edge, EdgeServer, NewServer, Pool, PoolPolicy } from './edge';
import { parseHaproxyUrl } from './haproxy-address';
import type { Workers } from './haproxy-answers';
import { NoAnswer } from './haproxy-cli';
import { nameKey, slotOf } from './haproxy-config';
import { Master } from './haproxy-master';
import { enlist, keyOf, knownSlot, strike, takeSlot } from './haproxy-pool';
import { Written } from './haproxy-written';

export interface HaproxyEdgeOptions {
  /** See haproxy-address.ts. */
  readonly adminUrl: string;
  /** Where clients send traffic. */
  readonly trafficUrl: string;
  /** How long a call goes on trying while HAProxy is being restarted; an answer that does not come takes 2 s more. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 5_000;
const TRY_EVERY_MS = 50;
const MOST_POLICY_SECONDS = 3_600;

/**
 * HAProxy (2.6 or later, started by haproxy/start.sh), told what to do through its master's command line.
 *
 * Servers come and go at run time, without a reload; pools take free slots of the configuration (haproxy/edge.cfg shows
 * the way of a request). The truth is what HAProxy does: every call asks it, nothing is remembered here. After each
 * change the files that HAProxy reads at its start are made equal to that, before the call is answered. A process that a
 * reload left behind, for requests it still has, sends new ones on to the next; its sessions count.
 *
 * Otherwise than the embedded edge: a request is sent again after it reached a server only if it fits in a buffer of
 * 64 kB, and one that four servers died of has its kept connection ended instead of a 502. Who can connect to the master
 * can do everything, as HAProxy knows no password there: rights of the socket, or the network, keep others away.
 */
export function openHaproxyEdge({ adminUrl, trafficUrl, patienceMs = PATIENCE_MS }: HaproxyEdgeOptions): Edge {
  const { master: address, folder } = parseHaproxyUrl(adminUrl);
  const closed = new AbortController();
  const master = new Master(address, folder, closed.signal);
  const written = new Written(master);
  let turn: Promise<unknown> = Promise.resolve();
  const telling = new Set<Promise<Workers>>();

  /** Every piece of work finds what an earlier try did, so one that met a restart is done again. */
  const insist = async <T>(work: (limit: number) => Promise<T>): Promise<T> => {
    for (const limit = Date.now() + patienceMs; ; await pause(TRY_EVERY_MS)) {
      try {
        return await work(limit);
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        if (Date.now() < limit && !closed.signal.aborted) continue;
        throw new EdwinError('edge.unreachable', `HAProxy does not answer at ${master.shown}: ${error.message}.`, {
          cause: error,
        });
      }
    }
  };
  /** Slots are taken and added one after the other: servers that come to a new pool at once share its slot. */
  const alone = <T>(limit: number, work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(() => {
      if (Date.now() > limit) throw new NoAnswer('nor did it answer those before');
      return work();
    });
    turn = mine.catch(() => undefined);
    return mine;
  };
  /** Confirmed when it is in the files, and the worker that was told is still the one that serves. */
  const change = (work: (workers: Workers, limit: number) => Promise<Workers>): Promise<void> =>
    insist(async (limit) => {
      const mine = master.workers().then((workers) => work(workers, limit));
      telling.add(mine);
      const told = (await mine.finally(() => telling.delete(mine))).current;
      // Those that are just now being told are written together with it.
      await Promise.allSettled(telling);
      await written.save();
      if ((await master.workers()).current !== told) throw new NoAnswer('it was restarted meanwhile');
    });

  return {
    url: (pool) => `${trafficUrl.replace(/\/$/, '')}/${keyOf(pool)}`,
    servers: (pool) => insist(() => list(master, pool)),
    add: (pool: Pool, server: NewServer, policy: PoolPolicy) => {
      check(pool, server, policy);
      return change(async (workers, limit) => {
        const known = await knownSlot(master, pool, policy);
        const slot = known ?? (await alone(limit, () => takeSlot(master, pool, policy)));
        await enlist(master, workers, slot, server);
        return known ? workers : alone(limit, () => written.grow(workers));
      });
    },
    drain: (pool, id) =>
      change(async (workers) => {
        const slot = slotOf((await master.entries()).get(keyOf(pool)));
        const server = slot && (await master.slot(slot))?.servers.find((each) => each.id === id);
        if (!server)
          throw new EdwinError('edge.unknown-server', `${pool.service} in ${pool.environment} has no ${id}.`);
        await master.tell(`set server ${slot}/${id} state drain`);
        return workers;
      }),
    remove: (pool, id, options) =>
      change(async (workers) => {
        const slot = slotOf((await master.entries()).get(keyOf(pool)));
        if (slot) await strike(master, workers, slot, id, options?.force ?? false);
        return workers;
      }),
    close: async () => closed.abort(),
  };
}

async function list(master: Master, pool: Pool): Promise<EdgeServer[]> {
  const [entries, workers] = await Promise.all([master.entries(), master.workers()]);
  const name = slotOf(entries.get(keyOf(pool)));
  if (name === undefined) return [];
  const [slot, sessions] = await Promise.all([master.slot(name), master.sessions(name, workers)]);
  return (slot?.servers ?? []).map(({ id, host, port, state, down }) => ({
    id,
    address: { host: entries.get(nameKey(name, id)) ?? host, port },
    state,
    down,
    sessions: sessions.get(id) ?? 0,
  }));
}

/** Nothing else may become part of a command. */
function check({ environment, service }: Pool, { id, address }: NewServer, { holdSeconds }: PoolPolicy): void {
  const wrong =
    [environment, service].some((name) => !/^[a-z0-9][a-z0-9-]{0,62}$/.test(name)) ||
    !/^[A-Za-z0-9._-]{1,128}$/.test(id) ||
    !/^[A-Za-z0-9.:-]{1,253}$/.test(address.host) ||
    !(Number.isInteger(address.port) && address.port > 0 && address.port < 65_536) ||
    !(holdSeconds >= 0 && holdSeconds <= MOST_POLICY_SECONDS);
  if (wrong) throw new EdwinError('config.invalid', `${id} can not be a server of ${service} in ${environment}.`);
}
