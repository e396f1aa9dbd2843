import type { Observation, Start } from '../policy';

type Parts = Partial<Omit<Observation, 'hosts' | 'instances'>> & {
  hosts?: Partial<Observation['hosts']>;
  instances?: Partial<Observation['instances']>;
};

/** A quiet fleet of two hosts, with what a test changes. */
export function seen({ hosts, instances, ...rest }: Parts = {}): Observation {
  return {
    measuredAt: 0,
    missing: false,
    ready: 0,
    unacknowledged: 0,
    arrivalRate: 0,
    serviceRate: 0,
    busy: 0,
    oldestSeconds: 0,
    minutes: { startMs: 0, counts: new Float64Array(0) },
    ...rest,
    hosts: { ready: 2, booting: 0, bootingSince: [], ...hosts },
    instances: { wanted: 8, ready: 8, starting: 0, pending: 0, ...instances },
  };
}

/** Messages a minute from 1970-01-01, a Thursday, on. */
export function start(counts: readonly number[], bootSeconds = 600): Start {
  const minutes = { startMs: 0, counts: Float64Array.from(counts) };
  return { now: counts.length * 60_000, minutes, bootSeconds, longestBootSeconds: bootSeconds };
}
