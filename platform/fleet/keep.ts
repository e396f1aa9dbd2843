import type { EdgeServer } from '../edge/edge';
import type { Instance } from '../hosts/hosts';
import type { RegisteredInstance } from '../registry/registry';
import { idsOf } from './run';

/** What is known of a service in an environment while no operation works on it. */
export interface Facts {
  readonly kind: 'http' | 'worker';
  readonly serving: number | undefined;
  readonly wanted: number;
  readonly instances: readonly Instance[];
  readonly registered: readonly RegisteredInstance[];
  /** Servers of its pool; none for workers. */
  readonly servers: readonly EdgeServer[];
  readonly health: ReadonlyMap<string, Health>;
  /** Whether an instance was started by this fleet and nothing that is under way needs it. */
  readonly isOurs: (instance: Instance) => boolean;
  readonly now: number;
}

export interface Health {
  /** Probes that failed in a row. */
  readonly failures: number;
  /** When the first of them failed. */
  readonly since: number;
  readonly note: string;
}

/** What the keeper shall do, each with its reason where people read it. */
export interface Chores {
  /** Instances to start. */
  readonly start: number;
  /** Instances that serve already but are not known, or not reachable under their present address. */
  readonly enlist: readonly Instance[];
  /** Taken out of traffic until they are well again. */
  readonly suspend: readonly string[];
  /** Taken from the edge with the requests they have, until they are well again: whoever waits for them waits in vain. */
  readonly abandon: readonly string[];
  /** Drained, then stopped. */
  readonly retire: readonly { readonly instance: Instance; readonly reason: string }[];
  /** Entries of the edge or the registry without an instance, or of one that shall not serve. */
  readonly forget: readonly string[];
  /** Something exited that may have to be pruned. */
  readonly prune: boolean;
  readonly drift: readonly string[];
}

const SICK_PROBES = 3;
const SICK_MS = 2_500;
/** Fewer are enough where its host answers nothing either. */
const SILENT_PROBES = 2;
const HOPELESS_MS = 30_000;
const KEPT_EXITED = 3;

/**
 * Instances on a host that can not be reached may still serve: they are neither counted as dead nor forgotten. Those
 * that answer no probe either get a replacement at once, since whoever is left may be the next to fail; elsewhere one
 * that is not well gets it after half a minute. Whoever is too many when the host is back is retired.
 */
export function chores(facts: Facts): Chores {
  const { instances, serving, wanted, registered, servers, health, now } = facts;
  const present = instances.filter(({ state }) => state !== 'exited');
  const own = present.filter(({ labels }) => serving !== undefined && labels.release === serving);
  const foreign = present.filter(({ labels }) => labels.release !== serving);
  const isSick = (instance: Instance, ms = SICK_MS) => now - (sickSince(health, instance) ?? now) >= ms;
  const hopeless = own.filter((instance) => isSick(instance, HOPELESS_MS));
  const sick = own.filter((instance) => isSick(instance));
  const isSilent = ({ id, state }: Instance) => state === 'unknown' && (health.get(id)?.failures ?? 0) >= SILENT_PROBES;
  const useful = own.filter((instance) => !hopeless.includes(instance) && !isSilent(instance));
  const surplus = newestFirst(useful.filter(({ state }) => state === 'running')).slice(
    0,
    Math.max(0, useful.length - wanted),
  );
  const replaced = useful.length >= wanted ? hopeless.filter(({ state }) => state === 'running') : [];
  const leftovers = foreign.filter((instance) => instance.state === 'running' && facts.isOurs(instance));
  const silent = idsOf(present.filter(isSilent));
  const suspend = suspended(facts, [...sick, ...own.filter(isSilent)]);
  const leaving = new Set([...surplus, ...replaced, ...leftovers].map(({ id }) => id));
  const away = new Set(present.filter(({ state }) => state === 'unknown').map(({ host }) => host));
  const presentIds = idsOf(present);
  const ownIds = idsOf(own);
  return {
    start: serving === undefined ? 0 : Math.max(0, wanted - useful.length),
    enlist: own.filter(
      (instance) => !leaving.has(instance.id) && !sick.includes(instance) && isMissing(facts, instance),
    ),
    suspend: suspend.filter((id) => !silent.has(id)),
    abandon: servers
      .filter(({ id, state, down }) => silent.has(id) && (state === 'draining' || down || suspend.includes(id)))
      .map(({ id }) => id),
    retire: [
      ...surplus.map((instance) => ({ instance, reason: `${useful.length} run, ${wanted} wanted` })),
      ...replaced.map((instance) => ({ instance, reason: `not healthy: ${health.get(instance.id)?.note}` })),
      ...leftovers.map((instance) => ({ instance, reason: `release ${instance.labels.release} does not serve` })),
    ],
    forget: [
      ...servers.filter(({ id }) => !ownIds.has(id) && !leaving.has(id)),
      ...registered.filter(({ id, release }) => !presentIds.has(id) || (release !== serving && !leaving.has(id))),
    ].map(({ id }) => id),
    prune: instances.filter(({ state, host }) => state === 'exited' && !away.has(host)).length > KEPT_EXITED,
    drift: drift(
      facts,
      own,
      foreign.filter((instance) => !facts.isOurs(instance)),
    ),
  };
}

/**
 * Servers to be taken out of traffic, as long as half of what is wanted is left and well: when many are sick at once they
 * are overloaded, or what they all need is away, and fewer of them would only be worse.
 */
function suspended({ servers, health, wanted }: Facts, sick: readonly Instance[]): string[] {
  const ready = servers.filter(({ state }) => state === 'ready');
  const candidates = ready.filter(({ id }) => sick.some((one) => one.id === id));
  const well = ready.filter(({ id }) => (health.get(id)?.failures ?? 0) === 0);
  return well.length < Math.max(1, Math.ceil(wanted / 2)) ? [] : candidates.map(({ id }) => id);
}

function sickSince(health: ReadonlyMap<string, Health>, { id }: Instance): number | undefined {
  const found = health.get(id);
  return found !== undefined && found.failures >= SICK_PROBES ? found.since : undefined;
}

function isMissing({ kind, registered, servers }: Facts, { id, address, state }: Instance): boolean {
  if (state !== 'running') return false;
  const sameAddress = (entry: { address?: { host: string; port: number } }): boolean =>
    entry.address?.port === address?.port && entry.address?.host === address?.host;
  const entry = registered.find((one) => one.id === id);
  if (entry === undefined || !sameAddress(entry)) return true;
  const server = servers.find((one) => one.id === id);
  return kind === 'http' && (server?.state !== 'ready' || !sameAddress(server));
}

function newestFirst(instances: readonly Instance[]): Instance[] {
  return [...instances].sort((a, b) => b.startedAt.getTime() - a.startedAt.getTime() || (a.id < b.id ? 1 : -1));
}

/** Sentences about what does not match, for people. */
export function drift(
  { serving, wanted }: Pick<Facts, 'serving' | 'wanted'>,
  own: readonly Instance[],
  orphans: readonly Instance[],
): string[] {
  const up = own.filter(({ state }) => state === 'running').length;
  const unknown = own.filter(({ state }) => state === 'unknown');
  return [
    ...(serving !== undefined && up + unknown.length < wanted ? [`${up} of ${wanted} instances run`] : []),
    ...[...new Set(unknown.map(({ host }) => host))].map((host) => `${host} is not reached; its instances are unknown`),
    ...orphans.map(({ id, labels }) => `${id} (release ${labels.release}) belongs to nothing that serves`),
  ];
}

/** Milliseconds until a replacement may be started again: 0 at first, then 1 s, 2 s, 4 s … 60 s after the last start. */
export function backoff(starts: number): number {
  return starts === 0 ? 0 : Math.min(60_000, 1_000 * 2 ** (starts - 1));
}
