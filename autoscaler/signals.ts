/**
 * What the deciding half is told each time. Times are ms since 1970, rates are per second, shares lie in 0..1. A service
 * or pool that could not be measured keeps its last figures with their old `measuredAt`: too old, and everything holds.
 */
export interface Signals {
  readonly services: Readonly<Record<string, ServiceSignals>>;
  readonly pools: Readonly<Record<string, PoolSignals>>;
  /** Open incidents of the environment, one sentence each. */
  readonly incidents: readonly string[];
}

export interface ServiceSignals {
  readonly measuredAt: number;
  /** Release that runs; the pace of an instance is learned for each. */
  readonly release: string;
  /** A deployment or rollback of it is going on. */
  readonly deploying: boolean;
  /** Share of one host that an instance takes, by the scarcest of memory and processors. */
  readonly hostShare: number;
  /** Messages that wait; 0 for HTTP. */
  readonly ready: number;
  /** Messages in the hands of instances; for HTTP: requests that are being answered. */
  readonly unacknowledged: number;
  /** Age of the oldest message that waits. */
  readonly oldestSeconds: number | undefined;
  /** Messages or requests that come, and that are finished. */
  readonly arrivalRate: number;
  readonly serviceRate: number;
  /** Used share of what the ready instances could do, over the last minute. */
  readonly busy: number;
  /** HTTP only: 99th percentile of the last minute, seconds. */
  readonly latencySeconds?: number;
  /** Finished minutes that `state` has not learned yet (`minute` of its memory says how far it is), oldest first. */
  readonly minutes: readonly MinuteCount[];
  readonly instances: readonly InstanceSignals[];
}

interface MinuteCount {
  /** Minutes since 1970. */
  readonly minute: number;
  /** Messages or requests that came in it. */
  readonly count: number;
}

export interface InstanceSignals {
  readonly id: string;
  readonly host: string;
  readonly state: 'starting' | 'ready' | 'draining';
  /** Messages or requests in its hands. */
  readonly working: number;
}

export interface PoolSignals {
  readonly measuredAt: number;
  readonly hosts: readonly HostSignals[];
  /** Hosts the provider lets us have at most, if it says so. */
  readonly quota?: number;
}

export interface HostSignals {
  readonly id: string;
  readonly type: string;
  readonly zone: string;
  /** `draining`: gets no new work and is removed once it is idle. */
  readonly state: 'booting' | 'ready' | 'draining';
  readonly launchedAt: number;
  /** Messages and requests in the hands of its instances. */
  readonly working: number;
  /** Used shares; undefined: not measured. */
  readonly cpu?: number;
  readonly memory?: number;
}

/** The newest row of the capacity ledger for a service or pool, with what a person or a deployment wants of it. */
export interface LedgerEntry {
  readonly wanted: number;
  readonly min: number;
  readonly max: number;
  readonly author: string;
  readonly reason: string;
  /** Until then the autoscaler leaves the number alone; undefined: it is free. */
  readonly pinnedUntil?: number;
}

export interface Ledger {
  readonly services: Readonly<Record<string, LedgerEntry>>;
  readonly pools: Readonly<Record<string, LedgerEntry>>;
}

type Direction = 'out' | 'in' | 'hold';

/** What is to be done for a service. */
export interface ServiceDecision {
  /** Instances from now on, those that drain left out. */
  readonly instances: number;
  readonly direction: Direction;
  /** One sentence with the figures that led to it. */
  readonly reason: string;
  /** Idle instances to stop now, and busy ones that take no new work and are stopped once they are idle. */
  readonly stop: readonly string[];
  readonly drain: readonly string[];
}

/** What is to be done for the hosts of a pool. */
export interface PoolDecision {
  /** Hosts from now on: ready and booting, those that drain left out. */
  readonly hosts: number;
  readonly direction: Direction;
  readonly reason: string;
  readonly launch: readonly { readonly type: string; readonly zone: string }[];
  /** Booting hosts that never came up, to be ended; replacements are in `launch`. */
  readonly giveUp: readonly string[];
  /** Hosts that get no new work; draining hosts that work again; idle draining hosts to remove. */
  readonly drain: readonly string[];
  readonly undrain: readonly string[];
  readonly remove: readonly string[];
}
