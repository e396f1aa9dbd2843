import type { ServiceSignals } from './signals';

/** What one instance does, measured: messages per second at full work. */
export interface Pace {
  readonly release: string;
  /** 0: not measured yet. */
  readonly rate: number;
  /** The slowest lately, forgotten within about two days; 0 until the release was measured a few times. */
  readonly slowest: number;
  /** Measurements behind it, up to MOST. */
  readonly samples: number;
  /** Ready instances lately, and since when it is that many: while it changes, means of a minute mislead. */
  readonly instances: number;
  readonly since: number;
  /** What was served in the measurements of the last minute, oldest first. */
  readonly served: readonly { readonly at: number; readonly rate: number }[];
  /** Measurements in a row that were far above (or, negative, below) the estimate. */
  readonly off: number;
}

const MOST = 30;
/** After a new release, what was known of the old one is worth so many measurements. */
const CARRIED = 3;
/** Below this busy share the quotient is noise. */
const LEAST_BUSY = 0.2;
/** The busy share is a mean of so long. */
const MEAN_MS = 60_000;
/** When all are at full work throughout, it is enough that no instance came or went for so long. */
const FULL_WORK = 0.98;
const SETTLED_MS = 15_000;
/** One measurement moves the estimate by no more than this factor, once there are a few. */
const LEAP = 1.5;
/** A pace that was off by more than this share so many times in a row has changed: what was known counts little. */
const FAR_OFF = 0.08;
const CHANGED = 3;
/** Measurements after which the pace of a new release is its own. */
const SETTLED = 10;
/** For how long a slow pace is remembered. */
const SLOWEST_MS = 48 * 3_600_000;

export const newPace: Pace = {
  release: '',
  rate: 0,
  slowest: 0,
  samples: 0,
  instances: 0,
  since: 0,
  served: [],
  off: 0,
};

/** Follows what an instance does; returns the same pace when the moment says nothing. */
export function learnPace(before: Pace, signals: ServiceSignals): Pace {
  const { release, serviceRate, busy, measuredAt } = signals;
  const instances = signals.instances.filter(({ state }) => state !== 'starting').length;
  const changed = instances !== before.instances;
  const pace: Pace = {
    ...before,
    release,
    samples: release === before.release ? before.samples : Math.min(CARRIED, before.samples),
    slowest: release === before.release ? before.slowest : 0,
    instances,
    since: changed ? measuredAt : before.since,
  };
  const served = [...before.served, { at: measuredAt, rate: serviceRate }].filter(
    ({ at }) => at > measuredAt - MEAN_MS,
  );
  const still = measuredAt - pace.since;
  const steady = !changed && (still >= MEAN_MS || (busy >= FULL_WORK && still >= SETTLED_MS));
  if (instances === 0 || busy < LEAST_BUSY || serviceRate <= 0 || !(steady || pace.rate === 0))
    return { ...pace, served };
  const mean = served.reduce((sum, { rate }) => sum + rate, 0) / served.length;
  const measured = (still >= MEAN_MS ? mean : serviceRate) / (instances * Math.min(1, busy));
  const side = measured > pace.rate * (1 + FAR_OFF) ? 1 : measured < pace.rate / (1 + FAR_OFF) ? -1 : 0;
  const off = side === 0 ? 0 : side * before.off > 0 ? before.off + side : side;
  const known = Math.abs(off) >= CHANGED ? Math.min(CARRIED, pace.samples) : pace.samples;
  const samples = Math.min(MOST, known + 1);
  const bounded = known < CARRIED ? measured : Math.min(pace.rate * LEAP, Math.max(pace.rate / LEAP, measured));
  const rate = pace.rate + (bounded - pace.rate) / samples;
  const passed = measuredAt - (before.served.at(-1)?.at ?? measuredAt);
  const forgetting = Math.min(1, passed / SLOWEST_MS);
  const settled = pace.slowest > 0 ? pace.slowest : samples < SETTLED ? 0 : rate;
  const slowest = settled > 0 ? Math.min(rate, settled + (rate - settled) * forgetting) : 0;
  return { ...pace, served, off, samples, rate, slowest };
}

/**
 * What hosts that are launched for later can count on: a pace that changed by itself lately may do so again before they
 * are there. Small changes are noise.
 */
export function countedOn({ rate, slowest }: Pace): number {
  return slowest > 0 && rate > slowest * (1 + FAR_OFF) ? slowest : rate;
}
