/**
 * What stands between the simulator and a policy. To run one from code:
 *
 *   const trace = readTrace('load.csv', text);                 // trace.ts
 *   const world = openWorld({ trace, seed: 1, boot: 600 });    // world.ts: arrivals, history, mishaps; made once
 *   const { score } = simulate(world, myPolicy);               // simulate.ts: one run; a policy object serves one run
 *   const { nodeHours } = optimum(world);                      // optimum.ts: the clairvoyant cost to divide by
 *
 * Arrivals depend on trace and seed alone, so all policies of one world meet the same messages.
 */
export interface SimulatedPolicy {
  readonly name: string;
  /** Seconds between two decisions: a multiple of 5. */
  readonly periodSeconds: number;
  /** Called once, before the first decision. */
  begin?(start: Start): void;
  /** The wanted fleet from now on. `now` is in ms since 1970. */
  decide(observation: Observation, now: number): Wish;
}

/** What a policy knows about its surroundings: what an operator would have written into its configuration. */
export interface Start {
  readonly now: number;
  readonly minutes: Minutes;
  readonly bootSeconds: number;
  /** The longest boot that counts as ordinary. */
  readonly longestBootSeconds: number;
}

/** Counted arrivals, one number a minute, without a gap: NaN where nothing was measured. The last minute is finished. */
export interface Minutes {
  readonly startMs: number;
  readonly counts: Float64Array;
}

/** Only what a running autoscaler could see at that moment. */
export interface Observation {
  /** End of the newest measured tick, ms; lies behind `now` when metrics are late. */
  readonly measuredAt: number;
  /** The query for metrics failed just now; the figures below are those of `measuredAt`. */
  readonly missing: boolean;
  /** Messages that wait. */
  readonly ready: number;
  /** Messages being worked on. */
  readonly unacknowledged: number;
  /** Messages per second, over 10 s. */
  readonly arrivalRate: number;
  /** Messages finished per second, over 10 s. */
  readonly serviceRate: number;
  /** Share of the workers' capacity that is used, mean of 60 s: their CPU. */
  readonly busy: number;
  /** Age of the oldest message that waits, seconds; 0 without one. */
  readonly oldestSeconds: number;
  readonly hosts: {
    readonly ready: number;
    readonly booting: number;
    /** When each booting host was launched, ms, oldest first. */
    readonly bootingSince: readonly number[];
  };
  readonly instances: {
    readonly wanted: number;
    readonly ready: number;
    readonly starting: number;
    /** Wanted, and no host has room. */
    readonly pending: number;
  };
  /** All finished minutes, those before the simulation included. */
  readonly minutes: Minutes;
}

export interface Wish {
  /** Ready and booting hosts together. */
  readonly hosts: number;
  readonly instances: number;
  readonly reason: string;
  /** Which hosts go first when there are too many: those that still boot (default), or those that are ready. */
  readonly removeFirst?: 'booting' | 'ready';
  /** That many of the oldest booting hosts are ended now, as never coming up. */
  readonly giveUp?: number;
}

/** The simulated product: what one worker and one host can do. */
export const plant = {
  tickSeconds: 5,
  /** Messages per second of one worker: ten at a time, one second each. */
  workerRate: 10,
  workersPerHost: 4,
  hostRate: 40,
  workerStartSeconds: 10,
  minHosts: 1,
  maxHosts: 64,
  /** A message that waits longer is late. */
  promiseSeconds: 5,
} as const;
