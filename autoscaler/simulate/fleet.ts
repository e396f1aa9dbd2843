import { plant, type Wish } from './policy';
import type { Random } from './random';

const START_TICKS = plant.workerStartSeconds / plant.tickSeconds;

/**
 * Hosts and workers of a simulation.
 *
 *   host:    launched ─ boot ─► ready ─► removed           a failing launch boots until it is given up
 *   worker:  wanted ─ a ready host has room ─► starting ─ 10 s ─► ready ─► stopped
 *
 * Workers are packed onto hosts as tightly as they fit, so a removed host takes busy workers with it only when there
 * is no room elsewhere: the kindest case, for every policy alike.
 */
export class Fleet {
  ready: number;
  wanted: number;
  workersReady: number;
  /** Launches since the beginning. */
  launches = 0;
  /** When a booting host was launched and when it will be ready, ticks, oldest launch first. */
  private booting: { launched: number; ready: number }[] = [];
  private starting: { ready: number; workers: number }[] = [];
  private workersStarting = 0;
  private readonly bootTicks: () => number;

  constructor(hosts: number, bootTicks: () => number) {
    this.ready = hosts;
    this.wanted = hosts * plant.workersPerHost;
    this.workersReady = this.wanted;
    this.bootTicks = bootTicks;
  }

  get hosts(): number {
    return this.ready + this.booting.length;
  }

  get workers(): number {
    return this.workersReady + this.workersStarting;
  }

  get startingWorkers(): number {
    return this.workersStarting;
  }

  launchedTicks(): number[] {
    return this.booting.map(({ launched }) => launched);
  }

  advance(tick: number): void {
    if (this.booting.length > 0) {
      const before = this.booting.length;
      this.booting = this.booting.filter(({ ready }) => ready > tick);
      this.ready += before - this.booting.length;
      if (this.booting.length < before) this.place(tick);
    }
    while (this.starting.length > 0 && this.starting[0]!.ready <= tick) {
      const { workers } = this.starting.shift()!;
      this.workersReady += workers;
      this.workersStarting -= workers;
    }
  }

  follow(wish: Wish, tick: number): void {
    if (!Number.isFinite(wish.hosts) || !Number.isFinite(wish.instances))
      throw new Error(`a policy wished for ${wish.hosts} hosts and ${wish.instances} instances: ${wish.reason}`);
    if (wish.giveUp) this.booting.splice(0, wish.giveUp);
    const hosts = Math.min(plant.maxHosts, Math.max(plant.minHosts, Math.round(wish.hosts)));
    while (this.hosts < hosts) {
      this.booting.push({ launched: tick, ready: tick + this.bootTicks() });
      this.launches += 1;
    }
    const surplus = this.hosts - hosts;
    const fromReady =
      wish.removeFirst === 'ready' ? Math.min(this.ready, surplus) : Math.max(0, surplus - this.booting.length);
    this.ready -= fromReady;
    this.booting.length -= surplus - fromReady;
    this.wanted = Math.min(plant.maxHosts * plant.workersPerHost, Math.max(1, Math.round(wish.instances)));
    this.place(tick);
  }

  /** Starts what is wanted and has room, stops what is not; those that still start go first. */
  private place(tick: number): void {
    const target = Math.min(this.wanted, this.ready * plant.workersPerHost);
    let change = target - this.workers;
    if (change > 0) {
      this.starting.push({ ready: tick + START_TICKS, workers: change });
      this.workersStarting += change;
    }
    while (change < 0 && this.starting.length > 0) {
      const youngest = this.starting.at(-1)!;
      const stopped = Math.min(youngest.workers, -change);
      youngest.workers -= stopped;
      this.workersStarting -= stopped;
      change += stopped;
      if (youngest.workers === 0) this.starting.pop();
    }
    if (change < 0) this.workersReady += change;
  }
}

/** Ticks a host boots: plain, or drawn between boot/jitter and boot·jitter; for ever when the launch fails. */
export function bootTimes(
  { bootSeconds, mishaps }: { bootSeconds: number; mishaps: { bootJitter: number; launchFailure: number } },
  random: Random,
): () => number {
  const { bootJitter, launchFailure } = mishaps;
  return () => {
    const failed = launchFailure > 0 && random() < launchFailure;
    const low = bootSeconds / bootJitter;
    const seconds = bootJitter > 1 ? low + random() * (bootSeconds * bootJitter - low) : bootSeconds;
    return failed ? Number.POSITIVE_INFINITY : Math.ceil(seconds / plant.tickSeconds);
  };
}
