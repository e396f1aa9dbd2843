import { type Certainty, certaintyFor } from './certainty';
import { type Outlook, outlook } from './forecast';
import { countedOn } from './pace';
import type { ServicePolicy } from './policy';
import { backlogAfterBoot, surgeOf } from './replay';
import type { ServiceSignals } from './signals';
import type { ServiceState } from './state';

/** What a service needs, in instances that may be fractions: at once, and when a host launched now has booted. */
export interface Demand {
  readonly soon: number;
  readonly atBoot: number;
  /** Messages per second behind them, and the middle of the forecast. */
  readonly soonLoad: number;
  readonly bootLoad: number;
  readonly likely: number;
  readonly pace: number;
  /** The pace that hosts are counted with. */
  readonly hostPace: number;
  readonly certainty: Certainty;
  /** From 0 to 1: forecasts were off less than usual in the last hours, see tame.ts. */
  readonly tamer: number;
  /** Messages that will wait when a host launched now is ready. */
  readonly backlog: number;
  /** Messages per second that are taken to go on because messages are late; 0: none are. */
  readonly surge: number;
}

/** A backlog is worked off within so many seconds by instances that start at once. */
const DRAIN_SECONDS = 30;
/** Requests that are answered this much slower than promised, by busy instances, need so much more at most. */
const MOST_SLOWNESS = 2;
const BUSY = 0.8;

/**
 * Undefined while nothing is known: no minute learned, or not measured yet how much one instance does.
 * @param bootMinutes from launch to ready
 * @param comingInstances room for instances of this service on hosts that boot: the minutes until each is there
 */
export function demandOf(
  state: ServiceState,
  signals: ServiceSignals,
  { promise }: ServicePolicy,
  bootMinutes: number,
  comingInstances: readonly { readonly minutes: number; readonly instances: number }[],
): Demand | undefined {
  const { memory, pace } = state;
  const [near, far] = [outlook(memory, 2), outlook(memory, bootMinutes + 1)];
  if (near === undefined || far === undefined || pace.rate <= 0) return undefined;
  const certainty = certaintyFor(memory.replay, promise.share);
  const slow = slownessOf(signals, promise.withinSeconds);
  const soonLoad = Math.max(near.atLeast(certainty.sure), signals.arrivalRate) * slow;
  const here = signals.instances.filter(({ state: is }) => is !== 'draining').length;
  const plant = { unitRate: pace.rate, bootMinutes, withinSeconds: promise.withinSeconds };
  const surge = surgeOf(signals.arrivalRate, memory.averages[0]!, signals.ready, here, plant);
  const bootLoad = Math.max(surge, far.atLeast(certainty.sure)) * slow;
  const booting = comingInstances.flatMap(({ minutes, instances }) => new Array<number>(instances).fill(minutes));
  const backlog = backlogAfterBoot(
    signals.ready,
    here,
    booting.sort((a, b) => a - b),
    0,
    pathBetween(near, far, bootMinutes).map((expected) => Math.max(expected, surge)),
    plant,
  );
  const hostPace = countedOn(pace);
  const draining = signals.ready > pace.rate ? signals.ready / DRAIN_SECONDS : 0;
  return {
    soon: (soonLoad + draining) / pace.rate,
    atBoot: bootLoad / hostPace,
    soonLoad,
    bootLoad,
    likely: far.load,
    pace: pace.rate,
    hostPace,
    certainty,
    tamer: far.tamer,
    backlog,
    surge,
  };
}

/** The middle of the forecast in each of the next minutes, on a line from the near to the far horizon. */
export function pathBetween(near: Outlook, far: Outlook, minutes: number): number[] {
  const span = Math.max(1, far.minutesAhead - 1);
  return Array.from({ length: minutes }, (_, i) => near.load + (far.load - near.load) * Math.min(1, (i + 1) / span));
}

/** HTTP has no queue to look at: requests that take longer than promised while instances are busy are its backlog. */
function slownessOf({ latencySeconds, busy }: ServiceSignals, withinSeconds: number): number {
  if (latencySeconds === undefined || busy < BUSY || latencySeconds <= withinSeconds) return 1;
  return Math.min(MOST_SLOWNESS, latencySeconds / withinSeconds);
}
