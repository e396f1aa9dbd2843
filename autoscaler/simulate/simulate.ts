import { bootTimes, Fleet } from './fleet';
import { Measurements } from './measurements';
import { plant, type SimulatedPolicy } from './policy';
import { openRandom } from './random';
import { lateOf, type Score, type Series, Waits } from './score';
import { msOf, TICKS_PER_MINUTE, type World } from './world';

const DT = plant.tickSeconds;
/** Room the fleet has over the expected rate when the simulation begins. */
const FIRST_ROOM = 1.3;

export interface Run {
  readonly policy: string;
  readonly score: Score;
  readonly series: Series;
  /** Messages over the whole run, warm-up included: what came is what was served and what waits at the end. */
  readonly balance: { readonly arrived: number; readonly served: number; readonly waiting: number };
}

/**
 * Plays a policy through a world: in each tick hosts and workers come up, the policy decides when it is due, messages
 * arrive, and as many as the ready workers can do are served first in, first out.
 */
export function simulate(world: World, policy: SimulatedPolicy): Run {
  const { firstTick, fromTick, ticks, arrivals, speed } = world;
  const period = policy.periodSeconds / DT;
  if (!Number.isInteger(period) || period < 1)
    throw new Error(`${policy.name} decides each ${policy.periodSeconds} s; the simulator has ticks of ${DT} s`);
  const firstHosts = Math.ceil((world.rate[firstTick]! * FIRST_ROOM) / plant.hostRate);
  const fleet = new Fleet(
    Math.min(plant.maxHosts, Math.max(plant.minHosts, firstHosts)),
    bootTimes(world, openRandom(world.seed, 'boots')),
  );
  const seen = new Measurements(world, fleet);
  const waits = new Waits();
  const series = emptySeries(Math.ceil((ticks - fromTick) / TICKS_PER_MINUTE));
  let queue = 0;
  let servedAll = 0;
  let arrivedAll = 0;
  let [hostTicks, workerTicks, late, total, oldest, launchesBefore] = [0, 0, 0, 0, 0, 0];

  policy.begin?.({
    now: msOf(world, firstTick),
    minutes: seen.minutesUntil(firstTick),
    bootSeconds: world.bootSeconds,
    longestBootSeconds: world.bootSeconds * world.mishaps.bootJitter,
  });
  for (let tick = firstTick; tick < ticks; tick++) {
    fleet.advance(tick);
    if (tick === fromTick) launchesBefore = fleet.launches;
    if ((tick - firstTick) % period === 0) fleet.follow(policy.decide(seen.observe(tick), msOf(world, tick)), tick);

    const arrived = arrivals[tick]!;
    const capacity = fleet.workersReady * plant.workerRate * (speed?.[tick] ?? 1);
    const before = queue;
    const served = Math.min(queue + arrived, capacity * DT);
    queue = queue + arrived - served;
    arrivedAll += arrived;
    servedAll += served;
    const age = seen.record(tick, { arrived, served, queue, capacity });
    if (tick < fromTick) continue;

    const lateNow = lateOf(arrived, before, before + arrived - capacity * DT, capacity);
    late += lateNow;
    total += arrived;
    oldest = Math.max(oldest, age);
    waits.add(capacity > 0 ? (before + queue) / 2 / capacity : before + queue > 0 ? age + DT : 0, arrived);
    hostTicks += fleet.hosts;
    workerTicks += fleet.workers;
    const minute = Math.floor((tick - fromTick) / TICKS_PER_MINUTE);
    series.arrived[minute]! += arrived;
    series.late[minute]! += lateNow;
    series.hosts[minute]! += fleet.hosts / TICKS_PER_MINUTE;
  }
  const score: Score = {
    nodeHours: (hostTicks * DT) / 3600,
    slo: total === 0 ? 1 : 1 - late / total,
    launches: fleet.launches - launchesBefore,
    workerHours: (workerTicks * DT) / 3600,
    p99WaitSeconds: waits.percentile(0.99),
    maxQueueAgeSeconds: oldest,
  };
  return { policy: policy.name, score, series, balance: { arrived: arrivedAll, served: servedAll, waiting: queue } };
}

function emptySeries(minutes: number): Series {
  return {
    arrived: new Float64Array(minutes),
    late: new Float64Array(minutes),
    hosts: new Float32Array(minutes),
  };
}
