import type { Demand } from './demand';
import { plant } from './policy';
import { TICKS_PER_MINUTE } from './world';

/** The grid of the dynamic program: hosts × backlog, in steps of whole minutes. */
export interface Grid {
  readonly steps: number;
  readonly stepMinutes: number;
  /** No more hosts than this are considered in each step. */
  readonly most: Uint8Array;
  readonly mostHosts: number;
  /** Backlog levels in host-seconds, from 0, the finer the smaller. */
  readonly levels: Float64Array;
  /** One over the distance from each level to the next. */
  readonly perWidth: Float64Array;
  /** Each step is played in so many equal parts, since a rate that changes within a minute makes messages late. */
  readonly parts: number;
  /** Host-seconds of work and messages that arrive in each part. */
  readonly work: Float64Array;
  readonly messages: Float64Array;
  /** Price of a launch, host-minutes. */
  readonly bootMinutes: number;
}

const LEVELS = 56;
const MOST_PARTS = 45_000;
/** Farthest backlog: this long a time of the whole fleet's work. */
const FARTHEST_SECONDS = 1200;

/** `most`: hosts to consider in each minute. */
export function gridOf(demand: Demand, most: Uint8Array, bootMinutes: number, stepMinutes: number): Grid {
  const steps = Math.ceil(demand.minutes / stepMinutes);
  const parts = stepMinutes > 1 ? 1 : ([6, 4, 3, 2].find((count) => count * steps <= MOST_PARTS) ?? 1);
  const ticks = (TICKS_PER_MINUTE * stepMinutes) / parts;
  const work = new Float64Array(steps * parts);
  const messages = new Float64Array(steps * parts);
  demand.work.forEach((seconds, tick) => {
    const part = Math.floor(tick / ticks);
    work[part]! += seconds;
    messages[part]! += demand.messages[tick]!;
  });
  const mostInStep = new Uint8Array(steps);
  most.forEach((hosts, minute) => {
    const step = Math.floor(minute / stepMinutes);
    mostInStep[step] = Math.max(mostInStep[step]!, hosts);
  });
  const mostHosts = most.reduce((a, b) => Math.max(a, b), 1);
  const farthest = mostHosts * FARTHEST_SECONDS;
  const levels = Float64Array.from({ length: LEVELS }, (_, i) => farthest * (i / (LEVELS - 1)) ** 2.5);
  const perWidth = levels.map((level, i) => 1 / ((levels[i + 1] ?? Number.POSITIVE_INFINITY) - level));
  return { steps, stepMinutes, parts, most: mostInStep, mostHosts, levels, perWidth, work, messages, bootMinutes };
}

/**
 * One step of Bellman's recursion, from the values after it (`next`) to those before it (`value`), both indexed by
 * [hosts − 1][level]:
 *
 *   value(n, b) = min over n' of  n'·step + boot·(n' − n)⁺ + price·late(n', b) + next(n', b')
 *
 * Values between levels are joined by straight lines.
 */
export function stepBack(grid: Grid, step: number, price: number, next: Float64Array, value: Float64Array): void {
  const { levels, bootMinutes } = grid;
  const most = grid.most[step]!;
  const count = levels.length;
  for (let hosts = 1; hosts <= most; hosts++) ahead(grid, step, price, hosts, next, value);
  // Now value holds what comes of going on with n' hosts, and n is free: more hosts are launched, fewer cost nothing.
  const top = (most - 1) * count;
  for (let at = top; at < top + count; at++) withMore[at] = value[at]!;
  for (let at = top - 1; at >= 0; at--) withMore[at] = Math.min(value[at]!, withMore[at + count]! + bootMinutes);
  for (let at = count; at < top + count; at++) value[at] = Math.min(value[at]!, value[at - count]!);
  for (let at = 0; at < top; at++) value[at] = Math.min(value[at]!, withMore[at]!);
}

/** Best values over at least as many hosts, within one step. */
const withMore = new Float64Array(plant.maxHosts * LEVELS);

/** value(n', ·) = n'·step + price·late + next(n', b'), for all levels of one n'. */
function ahead(grid: Grid, step: number, price: number, hosts: number, next: Float64Array, value: Float64Array): void {
  const { levels, perWidth, stepMinutes, parts } = grid;
  const count = levels.length;
  const row = (hosts - 1) * count;
  const nextRow = rowOf(grid, step + 1, hosts);
  const limit = plant.promiseSeconds * hosts;
  const paid = hosts * stepMinutes;
  const served = paid * (60 / parts);
  const first = step * parts;
  const last = count - 2;
  let low = 0;
  for (let level = 0; level < count; level++) {
    let cost = paid;
    let after = levels[level]!;
    for (let part = first; part < first + parts; part++) {
      const before = after;
      const change = grid.work[part]! - served;
      after += change;
      if (before > limit) cost += price * grid.messages[part]! * (after > limit ? 1 : (limit - before) / change);
      else if (after > limit) cost += (price * grid.messages[part]! * (after - limit)) / change;
      if (after < 0) after = 0;
    }
    while (low < last && levels[low + 1]! < after) low += 1;
    const under = next[nextRow + low]!;
    value[row + level] = cost + under + (after - levels[low]!) * perWidth[low]! * (next[nextRow + low + 1]! - under);
  }
}

/** Hosts beyond those considered are given back at no cost, so they are worth what the last of them is. */
function rowOf({ most, steps, levels }: Grid, step: number, hosts: number): number {
  return ((step < steps ? Math.min(hosts, most[step]!) : hosts) - 1) * levels.length;
}

/** The value of coming to `step` with (hosts, backlog); straight lines between levels. */
export function valueAt(grid: Grid, step: number, values: Float64Array, hosts: number, backlog: number): number {
  const { levels } = grid;
  const row = rowOf(grid, step, hosts);
  let low = 0;
  let high = levels.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (levels[middle]! <= backlog) low = middle;
    else high = middle;
  }
  const share = (backlog - levels[low]!) / (levels[high]! - levels[low]!);
  return values[row + low]! + share * (values[row + high]! - values[row + low]!);
}
