import { type Policy, policySchema } from './policy';
import type { HostSignals, InstanceSignals, ServiceSignals, Signals } from './signals';

/** A Monday, 00:00 UTC. */
export const monday = Date.UTC(2026, 10, 23);
export const nobody = { services: {}, pools: {} };

export function policyOf(content: object = {}): Policy {
  return policySchema.parse({ services: { bot: {} }, ...content });
}

export function host(id: string, more: Partial<HostSignals> = {}): HostSignals {
  return { id, type: 'host', zone: 'a', state: 'ready', launchedAt: 0, working: 1, ...more };
}

export function instance(id: string, more: Partial<InstanceSignals> = {}): InstanceSignals {
  return { id, host: 'h0', state: 'ready', working: 1, ...more };
}

export const many = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

/** A service whose instances do 10/s each, four to a host, measured now. */
export function service(
  now: number,
  load: number,
  instances: number,
  more: Partial<ServiceSignals> = {},
): ServiceSignals {
  const capacity = instances * 10;
  return {
    measuredAt: now,
    release: 'r1',
    deploying: false,
    hostShare: 0.25,
    ready: 0,
    unacknowledged: Math.min(load, capacity),
    oldestSeconds: undefined,
    arrivalRate: load,
    serviceRate: Math.min(load, capacity),
    busy: capacity > 0 ? Math.min(1, load / capacity) : 0,
    minutes: [{ minute: Math.floor(now / 60_000) - 1, count: load * 60 }],
    instances: many(instances, (i) => instance(`i${i}`, { host: `h${Math.floor(i / 4)}` })),
    ...more,
  };
}

export function signalsOf(now: number, bot: ServiceSignals, hosts: readonly HostSignals[]): Signals {
  return { services: { bot }, pools: { default: { measuredAt: now, hosts } }, incidents: [] };
}

/** Minutes of a load curve, for learning from history. */
export function history(from: number, minutes: number, load: (minute: number) => number) {
  const first = Math.floor(from / 60_000);
  return many(minutes, (i) => ({ minute: first + i, count: load(i) * 60 }));
}

/** Deterministic numbers in [0, 1). */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
