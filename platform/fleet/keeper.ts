import { setTimeout as pause } from 'node:timers/promises';
import type { Cell } from './cell';
import { settled } from './dispatcher';
import { type HealthWatch, openHealthWatch } from './health';
import { type Chores, chores } from './keep';
import { doChores, type Restarts } from './keeper-chores';
import { type CellFacts, type EnvironmentFacts, gatherFacts } from './keeper-facts';
import { environmentOf, type FleetParts } from './parts';

/**
 * Keeps what serves as it shall be, while no operation works on it: in each environment the holder of the lease
 * `keeper` looks every second, and at once when an instance exits. What belongs to nothing is reported, never killed,
 * unless it is a leftover of our own operations.
 */
export interface Keeper {
  poke(): void;
  /** Lets go of a cell because an operation wants it; resolves when nothing of the keeper is under way there. */
  clear(cell: Cell): Promise<void>;
  stop(): Promise<void>;
}

const LOOK_MS = 1_000;
const LEASE_SECONDS = 5;
const STOP_LIMIT_MS = 2_000;

export function startKeeper(parts: FleetParts, environment: string): Keeper {
  const { registry } = environmentOf(parts, environment);
  const log = parts.log.child({ environment });
  const stopping = new AbortController();
  const busy = new Map<string, { readonly abort: AbortController; readonly work: Promise<void> }>();
  const restarts: Restarts = new Map();
  /** Being taken from the edge. */
  const leaving = new Map<string, Promise<void>>();
  let trouble = '';
  /** What the last look found, unless it failed. */
  let seen: EnvironmentFacts | undefined;
  let wake = (): void => undefined;
  let poked = false;

  const look = async (lost: AbortSignal, watch: HealthWatch): Promise<void> => {
    const facts = await gatherFacts(parts, environment, watch.health);
    seen = facts;
    for (const service of facts.active) busy.get(service)?.abort.abort();
    for (const cell of facts.cells) {
      const { service } = cell;
      const found = chores(cell.facts);
      for (const id of found.abandon) abandon({ service, environment }, id);
      if (facts.active.has(service) || busy.has(service)) continue;
      if (isNothing(found)) continue;
      const abort = new AbortController();
      const signal = AbortSignal.any([abort.signal, lost, stopping.signal]);
      const work = underLease({ service, environment }, cell, found, signal)
        .catch((error) => {
          if (!signal.aborted) log.warn({ error, service }, 'Keeping the service failed; tried again');
        })
        .finally(() => busy.delete(service));
      busy.set(service, { abort, work });
    }
  };

  /**
   * Needs no lease, and does not wait for an operation: what may be repeated is answered by others from here on. The
   * edge may take its time over it, which the other instances must not wait for.
   */
  const abandon = (cell: Cell, id: string): void => {
    if (leaving.has(id)) return;
    log.warn(
      { event: 'instance.unhealthy', instance: id, service: cell.service },
      `${id} answers nothing, and its host is not reached: the requests it has are given up`,
    );
    const work = parts.edge
      .remove(cell, id, { force: true })
      .catch((error) => log.warn({ error, instance: id }, 'Giving them up failed; tried again'))
      .finally(() => leaving.delete(id));
    leaving.set(id, work);
  };

  const underLease = async (cell: Cell, found: CellFacts, todo: Chores, signal: AbortSignal): Promise<void> => {
    const lease = await registry.lease(`operation/${cell.service}`, `${parts.holder} keeper`, LEASE_SECONDS);
    if (lease === undefined) return;
    try {
      const { rows } = await parts.pool.query<{ last: string | null }>(
        'SELECT max(id) AS last FROM fleet.operations WHERE service = $1 AND environment = $2',
        [cell.service, cell.environment],
      );
      if ((rows[0]?.last ?? undefined) !== found.lastOperation) return;
      await doChores(
        { parts, cell, release: found.release, log, signal: AbortSignal.any([signal, lease.lost]) },
        todo,
        restarts,
      );
    } finally {
      await lease.release().catch(() => undefined);
    }
  };

  /** Once for each kind of trouble, however often it is met. */
  const tell = (error: Error): undefined => {
    if (error.message !== trouble) log.warn({ error }, 'Looking after the services failed; it is tried again');
    trouble = error.message;
  };

  const keepWhileHeld = async (): Promise<void> => {
    const lease = await registry.lease('keeper', parts.holder, LEASE_SECONDS).catch(tell);
    if (!lease) return;
    // Anew after each time in which nobody looked: failed probes from before say nothing about now.
    let watch = openHealthWatch(registry, parts.releases);
    const held = new AbortController();
    const signal = AbortSignal.any([held.signal, lease.lost, stopping.signal]);
    let probing: Promise<void> | undefined;
    try {
      while (!lease.lost.aborted && !stopping.signal.aborted) {
        try {
          await look(lease.lost, watch);
          probing ??= probe(signal, () => watch);
          trouble = '';
        } catch (error) {
          watch = openHealthWatch(registry, parts.releases);
          seen = undefined;
          tell(error as Error);
        }
        await rest();
      }
    } finally {
      held.abort();
      await probing;
      seen = undefined;
      await settled([...[...busy.values()].map(({ work }) => work), ...leaving.values()], STOP_LIMIT_MS);
      await lease.release().catch(() => undefined);
    }
  };

  /** Beside the looks: one that waits for a host that may be lost must not keep its instances, and others, unasked. */
  const probe = async (signal: AbortSignal, watch: () => HealthWatch): Promise<void> => {
    while (!signal.aborted) {
      if (seen)
        await watch()
          .look(seen.instances, seen.registered)
          .catch((error) => log.debug({ error }, 'Reporting health failed'));
      await pause(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  };

  /** A poke ends one rest and no more, also while nothing can be looked at. */
  const rest = async (): Promise<void> => {
    const awake = new AbortController();
    wake = () => awake.abort();
    if (poked) wake();
    await pause(LOOK_MS, undefined, { signal: AbortSignal.any([awake.signal, stopping.signal]) }).catch(
      () => undefined,
    );
    poked = false;
  };

  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await keepWhileHeld();
      await rest();
    }
  })();

  return {
    poke() {
      poked = true;
      wake();
    },
    async clear({ service }) {
      const present = busy.get(service);
      present?.abort.abort();
      await present?.work;
    },
    async stop() {
      stopping.abort();
      await loop;
    },
  };
}

function isNothing({ start, enlist, suspend, retire, forget, prune }: Chores): boolean {
  return start === 0 && !prune && [enlist, suspend, retire, forget].every((list) => list.length === 0);
}
