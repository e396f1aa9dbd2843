import type { Fleet } from './fleet';
import { type Minutes, type Observation, plant } from './policy';
import { msOf, TICKS_PER_MINUTE, type World } from './world';

const DT = plant.tickSeconds;
const SERVICE_SECONDS = 1;
const RATE_TICKS = 10 / DT;
const BUSY_TICKS = 60 / DT;

interface Tick {
  readonly arrived: number;
  readonly served: number;
  /** Messages that wait when the tick ends. */
  readonly queue: number;
  /** Messages per second. */
  readonly capacity: number;
}

/** Keeps what was measured in each tick, and shows a policy what it may know by now. */
export class Measurements {
  private readonly world: World;
  private readonly fleet: Fleet;
  private readonly queue: Float64Array;
  private readonly served: Float64Array;
  private readonly busy: Float32Array;
  private readonly age: Float32Array;
  private readonly delayTicks: number;
  /** The next message to be served arrived in this tick, as the so many-th of it. */
  private head: { tick: number; taken: number };
  private newest: number;
  private minutes: Minutes;

  constructor(world: World, fleet: Fleet) {
    const { ticks, firstTick, mishaps } = world;
    this.world = world;
    this.fleet = fleet;
    this.queue = new Float64Array(ticks);
    this.served = new Float64Array(ticks);
    this.busy = new Float32Array(ticks);
    this.age = new Float32Array(ticks);
    this.delayTicks = Math.ceil(mishaps.metricDelay / DT);
    this.head = { tick: firstTick, taken: 0 };
    this.newest = firstTick - 1;
    this.minutes = this.minutesUntil(firstTick);
  }

  /** Returns the age of the oldest message that waits, seconds. */
  record(tick: number, { arrived, served, queue, capacity }: Tick): number {
    this.queue[tick] = queue;
    this.served[tick] = served;
    this.busy[tick] = capacity > 0 ? served / (capacity * DT) : queue > 0 ? 1 : 0;
    const { arrivals } = this.world;
    let { tick: at, taken } = this.head;
    taken += served;
    while (at < tick && taken >= arrivals[at]! - 1e-6) taken = Math.max(0, taken - arrivals[at++]!);
    this.head = { tick: at, taken };
    const share = arrivals[at]! > 0 ? taken / arrivals[at]! : 0;
    const age = queue > 1e-6 ? (tick + 1 - at - (at === tick && arrived === 0 ? 0 : share)) * DT : 0;
    this.age[tick] = age;
    return age;
  }

  minutesUntil(tick: number): Minutes {
    const finished = Math.floor(tick / TICKS_PER_MINUTE);
    return { startMs: this.world.startMs, counts: this.world.minutes.subarray(0, finished) };
  }

  observe(tick: number): Observation {
    const { world, fleet } = this;
    const due = tick - 1 - this.delayTicks;
    const missing = due >= 0 && (world.lost?.[due] ?? 0) === 1;
    if (!missing) {
      this.newest = due;
      if (Math.floor((due + 1) / TICKS_PER_MINUTE) !== this.minutes.counts.length)
        this.minutes = this.minutesUntil(Math.max(0, due + 1));
    }
    const at = this.newest;
    const serviceRate = this.mean(this.served, at, RATE_TICKS) / DT;
    const launched = fleet.launchedTicks();
    return {
      measuredAt: msOf(world, at + 1),
      missing,
      ready: at < world.firstTick ? 0 : this.queue[at]!,
      unacknowledged: serviceRate * (SERVICE_SECONDS / (world.speed?.[Math.max(0, at)] ?? 1)),
      arrivalRate: this.mean(world.arrivals, at, RATE_TICKS) / DT,
      serviceRate,
      busy: this.mean(this.busy, at, BUSY_TICKS),
      oldestSeconds: at < world.firstTick ? 0 : this.age[at]!,
      hosts: {
        ready: fleet.ready,
        booting: launched.length,
        bootingSince: launched.map((launch) => msOf(world, launch)),
      },
      instances: {
        wanted: fleet.wanted,
        ready: fleet.workersReady,
        starting: fleet.startingWorkers,
        pending: Math.max(0, fleet.wanted - fleet.workers),
      },
      minutes: this.minutes,
    };
  }

  /** Of the last ticks up to and with `at`, as far as the simulation has them. */
  private mean(values: Float64Array | Float32Array | Int32Array, at: number, ticks: number): number {
    const first = Math.max(this.world.firstTick, at - ticks + 1);
    let sum = 0;
    for (let tick = first; tick <= at; tick++) sum += values[tick]!;
    return at < first ? 0 : sum / (at - first + 1);
  }
}
