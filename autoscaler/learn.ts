import { pathBetween } from './demand';
import { learnLoad, outlook } from './forecast';
import { dropSince } from './guard';
import { copyOf, NONE } from './memory';
import { learnPace } from './pace';
import type { PoolPolicy, ServicePolicy } from './policy';
import { countReallyLate, type Plant, play } from './replay';
import type { ServiceSignals } from './signals';
import type { ServiceState } from './state';

/** Figures that come later than that after the ones before say nothing about the time between. */
const LONGEST_TURN_SECONDS = 120;

/** So many minutes at once are history, of which nobody knows what was late in truth. */
const CAUGHT_UP = 10;

/** How a service's hosts boot, for playing its past along. */
export interface Surroundings {
  readonly pool: PoolPolicy;
  readonly bootMinutes: number;
  /** It is the only service of the pool, so that its capacity grows by whole hosts. */
  readonly alone: boolean;
}

/**
 * Takes in what was measured: the pace of an instance, finished minutes (the forecast, and the replay of what each level
 * of certainty would have done), and messages that began too late. Minutes wait until the pace is known.
 */
export function learn(
  before: ServiceState,
  signals: ServiceSignals,
  policy: ServicePolicy,
  surroundings: Surroundings,
): ServiceState {
  if (signals.measuredAt <= before.measuredAt) return before;
  const pace = learnPace(before.pace, signals);
  const state = { ...before, pace, measuredAt: signals.measuredAt };
  const late = lateSince(before.measuredAt, signals, policy);
  const fresh = pace.rate > 0 ? signals.minutes.filter(({ minute }) => minute > before.memory.minute) : [];
  if (fresh.length === 0 && late === undefined) return state;
  const memory = copyOf(before.memory);
  if (fresh.length > CAUGHT_UP) memory.replay.reallyLate = NONE;
  const plant = plantOf(pace.rate, signals, policy, surroundings);
  for (const { minute, count } of fresh) {
    learnLoad(memory, minute, count / 60);
    const [near, far] = [outlook(memory, 2)!, outlook(memory, plant.bootMinutes + 1)!];
    const foreseen = pathBetween(near, far, plant.bootMinutes);
    const moment = { minute, load: count / 60, lately: memory.averages[0]!, foreseen, need: far.atLeast };
    play(memory.replay, moment, plant);
  }
  if (late !== undefined) countReallyLate(memory.replay, late);
  const { dropSince: _, ...rest } = { ...state, memory };
  const drop = dropSince({ ...state, memory }, signals.measuredAt);
  return drop === undefined ? rest : { ...rest, dropSince: drop };
}

function plantOf(
  pace: number,
  { hostShare }: ServiceSignals,
  { promise, max }: ServicePolicy,
  { pool, bootMinutes, alone }: Surroundings,
): Plant {
  const instances = alone ? Math.max(1, Math.floor(1 / hostShare + 1e-9)) : 1;
  const most = alone ? Math.min(pool.max, Math.ceil(max / instances)) : max;
  const { withinSeconds } = promise;
  const keepMinutes = pool.keepSeconds === undefined ? undefined : Math.max(1, Math.round(pool.keepSeconds / 60));
  return { unitRate: pace * instances, bootMinutes, least: 1, most: Math.max(1, most), withinSeconds, keepMinutes };
}

/** Messages that began later than promised since the figures before; undefined when that can not be told. */
function lateSince(before: number, { measuredAt, oldestSeconds, arrivalRate }: ServiceSignals, policy: ServicePolicy) {
  const seconds = (measuredAt - before) / 1000;
  if (before === 0 || seconds > LONGEST_TURN_SECONDS) return undefined;
  return (oldestSeconds ?? 0) > policy.promise.withinSeconds ? arrivalRate * seconds : 0;
}
