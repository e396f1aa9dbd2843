import { gridOf } from './backward';
import { blend } from './blend';
import { type Demand, demandOf } from './demand';
import { boundAt, planAt } from './forward';
import { plant } from './policy';
import { type Plan, strictPlan } from './strict';
import type { World } from './world';

export interface Optimum {
  /** Of the cheapest fleet found that keeps the promise for `slo` of all messages, knowing the future. */
  readonly nodeHours: number;
  readonly slo: number;
  readonly launches: number;
  /** No fleet that keeps the promise is cheaper than this, as far as the grid of backlogs resolves it. */
  readonly bound: number;
  /** Distance of `nodeHours` and `bound`, a share: how far from the true optimum the figure may be. */
  readonly gap: number;
  /** Of the cheapest fleet under which no message is late. */
  readonly strictNodeHours: number;
  /** Working hosts per minute. */
  readonly hosts: Uint8Array;
}

/** A price is first looked for in so many steps at most, and then in steps of one minute. */
const COARSE_STEPS = 5000;
const FINE_ROUNDS = 5;
/** From one price to the next while only one side is known. */
const STRIDE = 1.35;
/** A price whose late messages are this near to what is allowed bounds well. */
const CLOSE = 0.2;
const GOOD_GAP = 0.002;
/** Hosts beyond what is needed within this many minutes are left out of the search (not of the bound). */
const NEAR_MINUTES = 45;

/**
 * The clairvoyant optimum: least host time, boots included, with at most 1 − `slo` of the messages late. Late messages
 * get a price (Lagrange), and the price is searched at which just enough of them are late; what duality leaves open is
 * filled by blending the plans of two prices. Each price's dual value bounds every fleet from below.
 * Of a world's mishaps it meets the drifting service rate alone: its boots all take the ordinary time.
 */
export function optimum(world: World, slo = 0.99): Optimum {
  const demand = demandOf(world);
  const bootMinutes = world.bootSeconds / 60;
  const allowed = (1 - slo) * demand.totalMessages;
  const strict = strictPlan(demand, bootMinutes);
  const { best, bound } =
    strict.late > allowed ? { best: strict, bound: 0 } : search(demand, strict, bootMinutes, allowed);
  return {
    nodeHours: best.cost / 60,
    slo: demand.totalMessages === 0 ? 1 : 1 - best.late / demand.totalMessages,
    launches: best.launches,
    bound: bound / 60,
    gap: best.cost === 0 ? 0 : Math.abs(best.cost - bound) / best.cost,
    strictNodeHours: strict.cost / 60,
    hosts: best.hosts,
  };
}

function search(demand: Demand, strict: Plan, bootMinutes: number, allowed: number): { best: Plan; bound: number } {
  const near = widened(strict.hosts, NEAR_MINUTES);
  const coarse = gridOf(demand, near, bootMinutes, Math.max(2, Math.min(5, Math.ceil(demand.minutes / COARSE_STEPS))));
  const bracket = { low: 1e-5, high: 1e-2 };
  while (bracket.high / bracket.low > 1.5) {
    const price = Math.sqrt(bracket.low * bracket.high);
    bracket[planAt(coarse, demand, price).late > allowed ? 'low' : 'high'] = price;
  }

  const fine = gridOf(demand, near, bootMinutes, 1);
  const all = new Uint8Array(demand.minutes).fill(fine.mostHosts);
  const whole = gridOf(demand, all, bootMinutes, 1);
  let best = strict;
  let bound = 0;
  let tooLate: Priced | undefined;
  let inTime: Priced | undefined;
  let price = Math.sqrt(bracket.low * bracket.high);
  for (let round = 0; round < FINE_ROUNDS; round++) {
    const plan = planAt(fine, demand, price);
    if (plan.late > allowed) {
      if (!tooLate || plan.late < tooLate.plan.late) tooLate = { price, plan };
    } else {
      if (!inTime || price < inTime.price) inTime = { price, plan };
      if (plan.cost < best.cost) best = plan;
    }
    if (tooLate) best = blend(demand, best, tooLate.plan, bootMinutes, allowed);
    if (round >= 1 || Math.abs(plan.late / allowed - 1) < CLOSE)
      bound = Math.max(bound, boundAt(whole, price, allowed));
    if (best.cost - bound < GOOD_GAP * best.cost) break;
    price = between(tooLate, inTime, allowed);
  }
  return { best, bound };
}

interface Priced {
  readonly price: number;
  readonly plan: Plan;
}

/** Late messages fall about as a power of their price. */
function between(tooLate: Priced | undefined, inTime: Priced | undefined, allowed: number): number {
  if (!tooLate) return inTime!.price / STRIDE;
  if (!inTime) return tooLate.price * STRIDE;
  const [more, less] = [Math.log(tooLate.plan.late), Math.log(Math.max(1, inTime.plan.late))];
  const share = more === less ? 0.5 : (more - Math.log(allowed)) / (more - less);
  return tooLate.price * (inTime.price / tooLate.price) ** Math.min(0.9, Math.max(0.1, share));
}

/** The most hosts within so many minutes to each side, and one more. */
function widened(hosts: Uint8Array, reach: number): Uint8Array {
  return hosts.map((_, minute) => {
    let most = 0;
    const last = Math.min(hosts.length - 1, minute + reach);
    for (let at = Math.max(0, minute - reach); at <= last; at++) most = Math.max(most, hosts[at]!);
    return Math.min(plant.maxHosts, most + 1);
  });
}
