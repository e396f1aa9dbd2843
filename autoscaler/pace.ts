import type { ServiceSignals } from './signals';

/** What one instance does, measured: messages per second at full work. */
export interface Pace {
  readonly release: string;
  /** 0: not measured yet. */
  readonly rate: number;
  /** Measurements behind it, up to MOST. */
  readonly samples: number;
  /** Ready instances lately, and since when it is that many: while it changes, means of a minute mislead. */
  readonly instances: number;
  readonly since: number;
}

const MOST = 30;
/** After a new release, what was known of the old one is worth so many measurements. */
const CARRIED = 3;
/** Below this busy share the quotient is noise. */
const LEAST_BUSY = 0.2;
const STEADY_MS = 60_000;
/** One measurement moves the estimate by no more than this factor, once there are a few. */
const LEAP = 1.5;

export const newPace: Pace = { release: '', rate: 0, samples: 0, instances: 0, since: 0 };

/** Follows what an instance does; returns the same pace when the moment says nothing. */
export function learnPace(before: Pace, signals: ServiceSignals): Pace {
  const { release, serviceRate, busy, measuredAt } = signals;
  const instances = signals.instances.filter(({ state }) => state !== 'starting').length;
  const changed = instances !== before.instances;
  const pace: Pace = {
    ...before,
    release,
    samples: release === before.release ? before.samples : Math.min(CARRIED, before.samples),
    instances,
    since: changed ? measuredAt : before.since,
  };
  const steady = !changed && measuredAt - pace.since >= STEADY_MS;
  if (instances === 0 || busy < LEAST_BUSY || serviceRate <= 0 || !(steady || pace.rate === 0)) return pace;
  const measured = serviceRate / (instances * Math.min(1, busy));
  const samples = Math.min(MOST, pace.samples + 1);
  const bounded = pace.samples < CARRIED ? measured : Math.min(pace.rate * LEAP, Math.max(pace.rate / LEAP, measured));
  return { ...pace, samples, rate: pace.rate + (bounded - pace.rate) / samples };
}
