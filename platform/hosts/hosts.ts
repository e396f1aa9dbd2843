/**
 * Hosts: the machines that run instances, and the instances on them, of all environments.
 *
 * Promises every adapter keeps (contract.ts is their test):
 * - What runs is read from the hosts, never from memory: instances carry their labels and are found again after a
 *   restart of the controller, which they outlive.
 * - `start` is idempotent on `spec.id`: when an instance of that id runs, it is returned and nothing is started.
 * - `stop` asks (SIGTERM), waits `graceSeconds`, then kills; it resolves when the instance and all its child
 *   processes are gone, also when they already were.
 * - A host that can not be reached has state `unknown`, and so have its instances; it is never reported empty. (A
 *   controller that has never reached it does not know its instances.) An instance that was seen to have exited stays
 *   exited. Calls to such a host fail at once, and it does not slow calls to others.
 * - `stop` and `remove` of an instance that is not there are not errors: it is gone.
 * - An exited instance stays listed with its exit and its log until it is removed.
 * - Values of `spec.env` appear in no log, label, argument list or error.
 * Errors: `hosts.unknown-host`, `hosts.unreachable`, `hosts.refused`, `hosts.start-failed`, `hosts.still-running`, `hosts.unknown-instance`.
 */
export interface Hosts {
  hosts(): Promise<Host[]>;
  start(spec: InstanceSpec): Promise<Instance>;
  stop(id: string, options: { readonly graceSeconds: number }): Promise<void>;
  /** Forgets an exited instance and its log. An instance that runs is refused with `hosts.still-running`. */
  remove(id: string): Promise<void>;
  instances(selector?: Partial<InstanceLabels>): Promise<Instance[]>;
  /** The newest `tail` lines, oldest first; with `follow` then every later line until `signal` aborts or the instance has exited. */
  logs(id: string, options: LogOptions): AsyncIterable<LogLine>;
  /** Calls back on every start and exit that is noticed. At least within one second of it. */
  watch(onEvent: (event: InstanceEvent) => void): { stop(): void };
  /** Lets go of connections and watches. Instances keep running. */
  close(): Promise<void>;
}

export interface Host {
  readonly name: string;
  readonly zone: string;
  readonly state: 'ready' | 'drained' | 'unknown';
  /** Environments whose instances may be placed here; empty means all. */
  readonly environments: readonly string[];
  readonly cpus: number;
  readonly memoryMb: number;
}

export interface InstanceLabels {
  readonly environment: string;
  readonly service: string;
  readonly release: number;
  /** Id of the operation that started it, or `keeper` when it replaced one that had died. */
  readonly operation: string;
}

export interface InstanceSpec {
  /** Chosen by the caller, `[a-z0-9-]{1,63}`, never used twice. */
  readonly id: string;
  readonly host: string;
  readonly labels: InstanceLabels;
  /** Digest of an image that `Images.ensure` has put on the host. */
  readonly image: string;
  /**
   * What to run inside the image; undefined means the image's own command. One that is not there is refused, or exits
   * with 127.
   */
  readonly command: readonly string[] | undefined;
  /**
   * Complete environment of the process, secrets included. The adapter adds `EDWIN_INSTANCE`, `PORT` and `HOST` when
   * `listens`, and a `PATH` where there is none.
   */
  readonly env: Readonly<Record<string, string>>;
  readonly listens: boolean;
  readonly memoryMb: number;
  readonly cpus: number;
  /** What it is given to finish by when its host shuts down without asking anybody; 25 when it is left out. */
  readonly stopGraceSeconds?: number;
}

export interface Instance {
  readonly id: string;
  readonly host: string;
  readonly labels: InstanceLabels;
  readonly image: string;
  readonly state: 'running' | 'exited' | 'unknown';
  /** Where it listens, reachable from the controller and the edge. */
  readonly address: { readonly host: string; readonly port: number } | undefined;
  readonly startedAt: Date;
  readonly exit: InstanceExit | undefined;
}

/** `code` and `signal` are both undefined when nobody saw the end (the controller was away). */
export interface InstanceExit {
  readonly code: number | undefined;
  readonly signal: string | undefined;
  readonly at: Date;
  /** It was killed because it wanted more memory than it may have. */
  readonly outOfMemory?: true;
}

export interface InstanceEvent {
  readonly kind: 'started' | 'exited';
  readonly instance: Instance;
}

export interface LogOptions {
  readonly tail: number;
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
}

export interface LogLine {
  readonly at: Date | undefined;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}
