/**
 * Registry: which instances of one environment exist, how they are, and who may act (leases).
 *
 * Promises every adapter keeps (contract.ts is their test):
 * - One registry object sees one environment. Another environment's credentials are refused by the server.
 * - `register` and `deregister` are idempotent. Registering an id again replaces its entry, whose health begins anew;
 *   the very same registration again leaves its health, so that nothing that serves is away for a moment.
 * - What was registered is there after the server was killed and is back.
 * - An entry whose `report` is older than its `ttlSeconds` reads as `expired`, never as `passing`.
 * - `watch` calls back once with the present entries and after every change, in order, never concurrently; a lost
 *   connection is made again by itself and then the present entries are delivered once more. A callback that is slow
 *   gets the newest entries next, not each state in between; a change of the note alone may come with the next one.
 * - A lease is held by one holder at a time; each time it is taken anew its `fence` is higher than ever before. It
 *   is lost when not renewed for `ttlSeconds` (the adapter renews it while the process lives) and free again at
 *   once when its holder releases it. `lost` aborts as soon as the holder can no longer be sure.
 * - Every call ends within 15 s, also when the server is frozen or the network silent.
 * Errors: `registry.unreachable`, `registry.refused`, `registry.closed`.
 */
export interface Registry {
  register(registration: Registration): Promise<void>;
  /** Sets the health of a registered instance and renews its time to live. Unknown ids are ignored. */
  report(id: string, health: ReportedHealth, note?: string): Promise<void>;
  deregister(id: string): Promise<void>;
  /** Entries of one service, or of all, ordered by id. */
  instances(service?: string): Promise<RegisteredInstance[]>;
  watch(
    onChange: (instances: readonly RegisteredInstance[]) => void | Promise<void>,
  ): Promise<{ stop(): Promise<void> }>;
  /** Takes the lease if it is free, else undefined. Never waits for another holder. */
  lease(name: string, holder: string, ttlSeconds: number): Promise<Lease | undefined>;
  close(): Promise<void>;
}

export type ReportedHealth = 'passing' | 'critical';

export interface Registration {
  readonly id: string;
  readonly service: string;
  readonly release: number;
  readonly host: string;
  /** Where it listens; undefined for a worker that listens nowhere. */
  readonly address?: { readonly host: string; readonly port: number };
  readonly ttlSeconds: number;
}

export interface RegisteredInstance extends Registration {
  /** `expired`: nobody vouched for it within its time to live. */
  readonly health: ReportedHealth | 'expired';
  readonly note: string;
  readonly reportedAt: Date;
}

export interface Lease {
  readonly name: string;
  readonly holder: string;
  /** Rises with every taking of this name; writes guarded by a lower fence must be refused. */
  readonly fence: number;
  readonly lost: AbortSignal;
  release(): Promise<void>;
}
