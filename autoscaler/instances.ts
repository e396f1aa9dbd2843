import { type Bounds, withLedger } from './bounds';
import type { Demand } from './demand';
import { shown } from './guard';
import type { ServicePolicy } from './policy';
import type { LedgerEntry, ServiceDecision, ServiceSignals } from './signals';
import { note, type ServiceState } from './state';
import { victims } from './victims';

export interface ServiceCase {
  readonly policy: ServicePolicy;
  readonly signals: ServiceSignals;
  readonly demand: Demand | undefined;
  readonly bounds: Bounds;
  readonly entry: LedgerEntry | undefined;
  /** Instances of this service that the hosts of its pool have, or will have, room for, those that run included. */
  readonly room: number;
  /** Hosts that drain: what runs there goes first. */
  readonly leaving: ReadonlySet<string>;
  readonly blocker: string | undefined;
  readonly stale: boolean;
  readonly now: number;
}

/** Where hosts that are paid for have room, they are filled with up to so many times what is needed at once. */
const FILL = 2;

/** How many instances on the hosts that are there: what is needed at once, and some more where there is room. */
export function decideInstances(
  before: ServiceState,
  input: ServiceCase,
): { decision: ServiceDecision; state: ServiceState } {
  const { policy, signals, demand, now, room } = input;
  const instances = signals.instances.filter(({ state }) => state !== 'draining');
  const have = instances.length;
  const bounds = withLedger(input.bounds, input.entry);
  const settle = (count: number, direction: ServiceDecision['direction'], reason: string, state = before) => {
    const surplus = direction === 'in' ? have - count : 0;
    const candidates = instances.map(({ id, host, working, state: is }) => ({
      id,
      working,
      rank: (input.leaving.has(host) ? 0 : 2) + (is === 'starting' ? 0 : 1),
    }));
    const next = direction === 'out' ? { ...state, lastOut: now } : state;
    return { decision: { instances: count, direction, reason, ...victims(candidates, surplus) }, state: next };
  };
  if (input.stale) {
    const age = Math.round((now - signals.measuredAt) / 1000);
    return settle(have, 'hold', `Hold ${have} instances: the figures are ${age} s old.`);
  }
  const { entry } = input;
  if (entry?.pinnedUntil !== undefined && entry.pinnedUntil > now) {
    const count = Math.min(bounds.max, Math.max(bounds.min, entry.wanted));
    const idea = count > have ? 'out' : count < have && input.blocker === undefined ? 'in' : 'hold';
    const reason = `${titleOf(idea, have, count)}: ${entry.author} wants ${entry.wanted} (${entry.reason}).`;
    return settle(idea === 'hold' ? have : count, idea, reason);
  }
  if (demand === undefined) {
    const count = Math.max(have, bounds.min);
    const reason = 'it is not measured yet how much comes and how much an instance does';
    return settle(
      count,
      count > have ? 'out' : 'hold',
      `${titleOf(count > have ? 'out' : 'hold', have, count)}: ${reason}.`,
    );
  }
  const needed = Math.ceil(demand.soon - 1e-9);
  const want = Math.min(bounds.max, Math.max(bounds.min, Math.min(room, needed * FILL)));
  const minutes = Math.max(1, Math.round(policy.keepSeconds / 60));
  const wanted = note(before.wanted, Math.floor(now / 60_000), want, minutes);
  const state = { ...before, wanted };
  const most = Math.max(bounds.min, Math.min(bounds.max, room));
  const kept = Math.min(most, Math.max(...wanted.map(({ count }) => count)));
  const because = sentenceOf(demand, signals, needed, room, bounds);
  if (want > have) return settle(want, 'out', `${titleOf('out', have, want)}: ${because}`, state);
  if (kept >= have) return settle(have, 'hold', `${titleOf('hold', have, have)}: ${because}`, state);
  const settled = now - before.lastOut >= minutes * 60_000;
  const blocker = input.blocker ?? (settled ? undefined : `some were started less than ${minutes} min ago`);
  if (blocker !== undefined)
    return settle(have, 'hold', `Hold ${have} instances although ${kept} would do: ${blocker}.`, state);
  return settle(kept, 'in', `${titleOf('in', have, kept)}: ${because}`, state);
}

function sentenceOf(demand: Demand, signals: ServiceSignals, needed: number, room: number, bounds: Bounds): string {
  const waiting = signals.ready > 0 ? `, ${shown(signals.ready)} wait` : '';
  const parts = [
    `${shown(signals.arrivalRate)}/s come and up to ${shown(demand.soonLoad)}/s may soon${waiting}; at ` +
      `${shown(demand.pace)}/s each that takes ${needed}, and the hosts have room for ${room}`,
  ];
  if (needed > bounds.max) parts.push(`at most ${bounds.max}: ${bounds.maxReason}`);
  if (room < bounds.min) parts.push(`at least ${bounds.min}: ${bounds.minReason}`);
  return `${parts.join('; ')}.`;
}

function titleOf(direction: ServiceDecision['direction'], from: number, to: number): string {
  if (direction === 'out') return `Start ${to - from} instances beside ${from}`;
  return direction === 'in' ? `Stop ${from - to} of ${from} instances` : `Hold ${from} instances`;
}
