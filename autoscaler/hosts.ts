import { avoid, bootSecondsOf, keepMinutesOf, overdue, places, sparesFor } from './boots';
import { type Bounds, hostBounds } from './bounds';
import type { Demand } from './demand';
import { shown } from './guard';
import type { PoolPolicy } from './policy';
import { DRAIN_MINUTES, LONGEST_KEEP, launchable, SHORTEST_KEEP } from './replay';
import type { HostSignals, LedgerEntry, PoolDecision, PoolSignals, ServiceSignals } from './signals';
import { note, type PoolState } from './state';
import { victims } from './victims';

/** A service of the pool; `demand` is undefined while it is not known. */
export interface Tenant {
  readonly name: string;
  readonly signals: ServiceSignals | undefined;
  readonly demand: Demand | undefined;
}

export interface PoolCase {
  readonly policy: PoolPolicy;
  readonly signals: PoolSignals;
  readonly tenants: readonly Tenant[];
  readonly bounds: Bounds;
  readonly entry: LedgerEntry | undefined;
  /** Why nothing may shrink now. */
  readonly blocker: string | undefined;
  readonly stale: boolean;
  readonly now: number;
}

/** Hosts whose processors or memory are used beyond this share need company, whatever the queues say. */
const FULL = 0.9;
/** Backlogs of less than this many seconds of one host are no reason to launch. */
const SMALL_BACKLOG_SECONDS = 12;

/** What is wanted has to be known for this part of the time that hosts are kept, before any is given back. */
const COVERED = 0.75;

/** How many hosts, which to launch, drain, remove and give up, and why. */
export function decideHosts(before: PoolState, input: PoolCase): { decision: PoolDecision; state: PoolState } {
  const { policy, signals, tenants, now, stale } = input;
  const boot = bootSecondsOf(before, policy);
  const failed = stale ? [] : overdue(signals.hosts, boot, before, policy, now);
  const hosts = signals.hosts.filter((host) => !failed.includes(host));
  const working = hosts.filter(({ state }) => state !== 'draining');
  const have = working.length;
  const need = needOf(tenants, working);
  const bounds = hostBounds(input.bounds, input.entry, policy, signals.quota);
  const minute = Math.floor(now / 60_000);
  const keeps = tenants.map(({ demand }) => demand?.certainty.keep ?? LONGEST_KEEP);
  const keepMinutes = keepMinutesOf(boot, Math.max(SHORTEST_KEEP, ...keeps), policy);
  const plain = need.hosts + policy.warm;
  const ready = working.filter(({ state: is }) => is === 'ready').length;
  const spares = sparesFor(Math.min(bounds.max, plain) - ready, before);
  const asked = plain + spares;
  const want = Math.min(bounds.max, Math.max(bounds.min, asked));
  const wanted = stale ? before.wanted : note(before.wanted, minute, want, keepMinutesOf(boot, LONGEST_KEEP, policy));
  const lately = wanted.filter((entry) => entry.minute > minute - keepMinutes).map(({ count }) => count);
  const kept = Math.min(bounds.max, Math.max(bounds.min, need.now, ...lately));
  const state = { ...avoid(before, failed, now), wanted };

  const spare =
    spares > 0 ? ` ${spares} more since ${shown(100 * before.failing)} % of launches lately never came up.` : '';
  const because = sentenceOf(need, input, boot, bounds, asked) + spare;
  const gone = failed.length > 0 ? ` ${failed.length} given up after ${Math.round(boot)} s and more of booting.` : '';
  const settle = (count: number, direction: PoolDecision['direction'], reason: string) => ({
    decision: carryOut(count, direction, reason + gone, hosts, failed, input, state),
    state: direction === 'out' ? { ...state, lastOut: now } : state,
  });
  const pin = input.entry?.pinnedUntil !== undefined && input.entry.pinnedUntil > now ? input.entry : undefined;
  if (stale) {
    const age = Math.round((now - signals.measuredAt) / 1000);
    return settle(have, 'hold', `Hold ${have} hosts: the figures of the pool are ${age} s old.`);
  }
  if (pin !== undefined) {
    const count = Math.min(bounds.max, Math.max(bounds.min, pin.wanted));
    const idea = count > have ? 'out' : count < have && input.blocker === undefined ? 'in' : 'hold';
    const held = idea === 'hold' ? have : count;
    return settle(held, idea, `${verb(idea, have, held)}: ${pin.author} wants ${pin.wanted} (${pin.reason}).`);
  }
  const earlier = wanted.find((entry) => entry.minute === minute - 1)?.count ?? want;
  const steady = launchable(want, earlier, have, need.backlog > 0 || need.full !== undefined);
  // What is needed at once, or by the policy, does not wait; nor do draining hosts, whose return costs no boot.
  const free = have + hosts.length - working.length;
  const launch = Math.max(steady, bounds.min, Math.min(want, Math.max(need.now, free)));
  if (launch > have) {
    const count = Math.min(launch, have + policy.largestStep.out);
    return settle(count, 'out', `${verb('out', have, count)}: ${because}`);
  }
  if (want > have) {
    const more = `${want - have} more ${want - have === 1 ? 'is' : 'are'} launched if still wanted in a minute.`;
    return settle(have, 'hold', `${verb('hold', have, have)}: ${because} ${more}`);
  }
  if (kept >= have) {
    const why =
      kept > want && kept === have ? ` ${kept} were wanted within ${keepMinutes} min; they stay so long.` : '';
    return settle(have, 'hold', `${verb('hold', have, have)}: ${because}${why}`);
  }
  const settled = now - before.lastOut >= keepMinutes * 60_000;
  const covered = (wanted[0]?.minute ?? minute) <= minute - Math.ceil(COVERED * keepMinutes) + 1;
  const blocker =
    input.blocker ??
    (!settled ? `hosts were launched less than ${keepMinutes} min ago` : undefined) ??
    (!covered ? `what is wanted is known for less than ${keepMinutes} min` : undefined);
  if (blocker !== undefined) return settle(have, 'hold', `Hold ${have} hosts although ${kept} would do: ${blocker}.`);
  const count = Math.max(kept, have - policy.largestStep.in);
  return settle(count, 'in', `${verb('in', have, count)}: ${because}`);
}

interface Need {
  /** When a host launched now is ready, and now. */
  readonly hosts: number;
  readonly now: number;
  readonly backlog: number;
  readonly full: string | undefined;
}

function needOf(tenants: readonly Tenant[], working: readonly HostSignals[]): Need {
  let [later, soon, extra, waiting] = [0, 0, 0, 0];
  for (const { signals, demand } of tenants) {
    if (signals === undefined) continue;
    const share = signals.hostShare;
    const here = signals.instances.filter(({ state }) => state !== 'draining').length;
    later += share * (demand?.atBoot ?? here);
    soon += share * (demand?.soon ?? here);
    const backlog = demand?.backlog ?? 0;
    if (demand !== undefined && backlog * share > demand.pace * SMALL_BACKLOG_SECONDS) {
      extra += (share * backlog) / (demand.pace * 60 * DRAIN_MINUTES);
      waiting += backlog;
    }
  }
  const ready = working.filter(({ state }) => state === 'ready');
  const pressed = (['cpu', 'memory'] as const)
    .map((what) => ({ what, used: ready.reduce((sum, host) => sum + (host[what] ?? 0), 0) }))
    .map(({ what, used }) => ({ what, used, hosts: Math.ceil(used / FULL - 1e-9) }))
    .sort((a, b) => b.hosts - a.hosts)[0]!;
  const byLoad = Math.ceil(later - 1e-9) + Math.ceil(extra);
  const isFull = pressed.hosts > Math.max(byLoad, ready.length);
  return {
    hosts: Math.max(byLoad, isFull ? pressed.hosts : 0),
    now: Math.ceil(soon - 1e-9),
    backlog: waiting,
    full: isFull
      ? `${pressed.what} of ${ready.length} hosts is ${Math.round((100 * pressed.used) / ready.length)} % used`
      : undefined,
  };
}

function sentenceOf(need: Need, { tenants, blocker }: PoolCase, boot: number, bounds: Bounds, asked: number): string {
  const largest = tenants
    .filter(({ demand }) => demand !== undefined)
    .sort((a, b) => b.demand!.atBoot * b.signals!.hostShare - a.demand!.atBoot * a.signals!.hostShare)[0];
  const parts: string[] = [];
  if (largest?.demand) {
    const { bootLoad, likely, certainty, tamer, pace, hostPace } = largest.demand;
    parts.push(
      `${largest.name} may get ${shown(bootLoad)}/s in ${Math.round(boot / 60)} min (likely ${shown(likely)}, ` +
        `${shown(100 * certainty.sure)} % sure; with that, ${shown(100 * certainty.late)} % were late in the replay of ` +
        `${certainty.hours} h${believed(certainty.credit)}${certainty.short ? ', and more would cost too much' : ''}), an instance does ${shown(pace)}/s${slower(pace, hostPace)}`,
    );
    if (tamer > 0) parts.push(`forecasts were off less than usual in the last hours`);
    if (tenants.length > 1) parts.push(`${tenants.length} services together need ${need.hosts} hosts`);
  } else parts.push(blocker ?? 'nothing is known of the load yet');
  for (const { name, demand } of tenants)
    if (demand !== undefined && demand.surge > 0)
      parts.push(`messages of ${name} are late, so that ${shown(demand.surge)}/s are taken to go on`);
  if (need.backlog > 0) parts.push(`${shown(need.backlog)} will wait by then`);
  if (need.full !== undefined) parts.push(need.full);
  if (asked < bounds.min) parts.push(`at least ${bounds.min}: ${bounds.minReason}`);
  if (asked > bounds.max) parts.push(`${asked} would be needed, at most ${bounds.max}: ${bounds.maxReason}`);
  return `${parts.join('; ')}.`;
}

function slower(pace: number, hostPace: number): string {
  return hostPace < pace ? `, but did ${shown(hostPace)}/s within two days, which is counted on` : '';
}

function believed(credit: number): string {
  return credit < 0.995 ? `, of which ${shown(100 * credit)} % are expected from now on` : '';
}

function verb(direction: PoolDecision['direction'], from: number, to: number): string {
  if (direction === 'out') return `Add ${to - from} hosts to ${from}`;
  return direction === 'in' ? `Give back ${from - to} of ${from} hosts` : `Hold ${from} hosts`;
}

/** Draining hosts are taken back before new ones are launched; those that boot are given back before those that work. */
function carryOut(
  count: number,
  direction: PoolDecision['direction'],
  reason: string,
  hosts: readonly HostSignals[],
  failed: readonly HostSignals[],
  { policy, stale }: PoolCase,
  state: PoolState,
): PoolDecision {
  const working = hosts.filter((host) => host.state !== 'draining');
  const draining = hosts.filter((host) => host.state === 'draining');
  const missing = Math.max(0, count - working.length);
  const back = draining.slice(0, missing).map(({ id }) => id);
  const candidates = working.map(({ id, working: hands, state: is, launchedAt }) => ({
    id,
    working: hands,
    rank: is === 'booting' ? -launchedAt - 1e15 : -launchedAt,
  }));
  const surplus = direction === 'in' ? working.length - count : 0;
  const { stop, drain } = victims(candidates, surplus);
  const idle = stale ? [] : draining.filter(({ id, working: hands }) => hands === 0 && !back.includes(id));
  return {
    hosts: count,
    direction,
    reason,
    launch: places(working, missing - back.length, policy, state),
    giveUp: failed.map(({ id }) => id),
    drain,
    undrain: back,
    remove: [...stop, ...idle.map(({ id }) => id)],
  };
}
