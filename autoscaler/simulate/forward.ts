import { type Grid, stepBack, valueAt } from './backward';
import { type Demand, playMinute } from './demand';
import type { Plan } from './strict';

/**
 * The dual value at a price per late message (host-minutes): the least any fleet can cost that is late `allowed` times
 * at most. Numerically: values are joined by straight lines between backlog levels.
 */
export function boundAt(grid: Grid, price: number, allowed: number): number {
  let next: Float64Array = afterwards(grid);
  let value: Float64Array = new Float64Array(grid.mostHosts * grid.levels.length);
  for (let step = grid.steps - 1; step >= 0; step--) {
    stepBack(grid, step, price, next, value);
    [next, value] = [value, next];
  }
  let least = Number.POSITIVE_INFINITY;
  for (let hosts = 1; hosts <= grid.most[0]!; hosts++) least = Math.min(least, next[(hosts - 1) * grid.levels.length]!);
  return least - price * allowed;
}

/**
 * The best plan at that price: backwards through all steps keeping the values at every √steps-th, then forwards block
 * by block, each block's values computed once more. Decisions follow the values; what they lead to is played tick by
 * tick, so `cost` and `late` are those of a real run.
 */
export function planAt(grid: Grid, demand: Demand, price: number): Plan {
  const { steps, mostHosts, levels } = grid;
  const size = mostHosts * levels.length;
  const block = Math.ceil(Math.sqrt(steps));
  const kept: Float64Array[] = [];
  let next: Float64Array = afterwards(grid);
  let value: Float64Array = new Float64Array(size);
  for (let step = steps; step > 0; step--) {
    if (step === steps || step % block === 0) kept[Math.ceil(step / block)] = next.slice();
    stepBack(grid, step - 1, price, next, value);
    [next, value] = [value, next];
  }
  const plan = { hosts: new Uint8Array(demand.minutes), cost: 0, launches: 0, late: 0 };
  const state: State = { hosts: 0, backlog: 0, plan };
  const room = Array.from({ length: block - 1 }, () => new Float64Array(size));
  for (let first = 0; first < steps; first += block) {
    const last = Math.min(steps, first + block);
    // values[i] is worth what follows step first + i.
    const values = [...room.slice(0, last - first - 1), kept[Math.ceil(last / block)]!];
    for (let step = last - 1; step > first; step--)
      stepBack(grid, step, price, values[step - first]!, values[step - first - 1]!);
    for (let step = first; step < last; step++) go(grid, demand, price, step, values[step - first]!, state);
  }
  plan.cost += state.backlog / 60;
  return plan;
}

/** What is left over at the end has still to be worked off, so that dropping messages saves nothing. */
function afterwards({ mostHosts, levels }: Grid): Float64Array {
  const values = new Float64Array(mostHosts * levels.length);
  for (let at = 0; at < values.length; at++) values[at] = levels[at % levels.length]! / 60;
  return values;
}

interface State {
  /** 0 before the first step: the first fleet is free to choose. */
  hosts: number;
  backlog: number;
  readonly plan: { hosts: Uint8Array; cost: number; launches: number; late: number };
}

function go(grid: Grid, demand: Demand, price: number, step: number, next: Float64Array, state: State): void {
  const first = step * grid.stepMinutes;
  const last = Math.min(demand.minutes, first + grid.stepMinutes);
  let best = { value: Number.POSITIVE_INFINITY, count: 1, late: 0, left: 0, cost: 0, launched: 0 };
  for (let count = 1; count <= grid.most[step]!; count++) {
    const launched = state.hosts === 0 ? 0 : Math.max(0, count - state.hosts);
    const cost = count * (last - first) + launched * grid.bootMinutes;
    let late = 0;
    let left = state.backlog;
    for (let minute = first; minute < last; minute++) {
      const played = playMinute(demand, minute, count, left);
      late += played.late;
      left = played.left;
    }
    const value = cost + price * late + valueAt(grid, step + 1, next, count, left);
    if (value < best.value) best = { value, count, late, left, cost, launched };
  }
  const { plan } = state;
  plan.launches += best.launched;
  plan.cost += best.cost;
  plan.late += best.late;
  plan.hosts.fill(best.count, first, last);
  state.hosts = best.count;
  state.backlog = best.left;
}
