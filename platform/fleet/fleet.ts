import type { Image } from '../images/images';

/**
 * Fleet: releases, operations and what serves where. Used by chatops and, later, by the autoscaler.
 * Reads of state come from the journal and from the hosts, never from memory.
 *
 * States of an operation:
 *
 *     planned ──► running ──► done
 *                    │
 *                    └──(never healthy, or cancelled)──► undoing ──► undone
 *     planned ──(nothing to do, or another one runs)──► refused        undoing that can not finish ──► failed
 *
 * `done`: the new release everywhere. `undone`: the old one everywhere. `failed`: declared, with its reason.
 */
export type OperationState = 'planned' | 'running' | 'undoing' | 'done' | 'undone' | 'failed';
export const finalStates: readonly OperationState[] = ['done', 'undone', 'failed'];

/** Immutable: what is deployed, promoted and rolled back. Numbers count up for each service from 1. */
export interface Release {
  readonly service: string;
  readonly number: number;
  readonly image: string;
  readonly commit: string;
  readonly subject: string;
  readonly author: string;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly snapshot: ReleaseSnapshot;
}

/** Everything besides the image that decides how instances run, as it stood at the release's commit. */
export interface ReleaseSnapshot {
  readonly kind: 'http' | 'worker';
  readonly run: string | undefined;
  readonly healthPath: string | undefined;
  /** Plain settings: `common` for every environment, then those of one environment on top. */
  readonly config: {
    readonly common: Readonly<Record<string, string>>;
    readonly environments: Readonly<Record<string, Readonly<Record<string, string>>>>;
  };
  /** Secret names with the version in force in each environment when the release was made. */
  readonly secrets: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly needs: readonly string[];
  readonly memoryMb: number;
  readonly cpus: number;
  readonly rollout: {
    readonly healthSeconds: number;
    readonly drainSeconds: number;
    readonly stopGraceSeconds: number;
    readonly holdSeconds: number;
    readonly retry: 'idempotent' | 'all';
  };
}

export interface OperationRequest {
  readonly kind: 'deployment' | 'rollback';
  readonly service: string;
  readonly environment: string;
  /** Undefined: newest build in the first environment, the release now serving in the one before in others; for a rollback, the one before. */
  readonly release: number | undefined;
  readonly requestedBy: string;
  /** The same key again within its life returns the same operation: a double Enter, a repeated delivery. */
  readonly key: string;
  /** Where its message is: filled by chat, kept with the row, so that any process can go on editing it. */
  readonly origin?: Readonly<Record<string, string>>;
}

export interface Operation {
  readonly id: number;
  readonly kind: 'deployment' | 'rollback';
  readonly service: string;
  readonly environment: string;
  readonly from: number | undefined;
  readonly to: number;
  readonly state: OperationState;
  readonly requestedBy: string;
  readonly requestedAt: Date;
  readonly finishedAt: Date | undefined;
  /** Why it was undone or failed, as a sentence. */
  readonly reason: string | undefined;
  /** Last log lines of the instance that explains `reason`. */
  readonly logTail: readonly string[];
  /** What it does now, as words: "starting on host-1". */
  readonly phase: string;
  /** New instances that are healthy, of those wanted. */
  readonly progress: { readonly done: number; readonly total: number };
  readonly steps: readonly OperationStep[];
  readonly origin: Readonly<Record<string, string>>;
  /** Trace id of the request, for a link. */
  readonly traceId: string | undefined;
}

export interface OperationStep {
  readonly name: string;
  readonly startedAt: Date;
  readonly finishedAt: Date | undefined;
  readonly detail: string;
}

/** One cell of the board. */
export interface ServiceStatus {
  readonly service: string;
  readonly kind: 'http' | 'worker';
  readonly environment: string;
  readonly serving: Release | undefined;
  readonly servingSince: Date | undefined;
  readonly wanted: number;
  readonly instances: readonly InstanceStatus[];
  readonly running: Operation | undefined;
  readonly last: Operation | undefined;
  /** How many releases the environment before is ahead; 0 when equal, behind or nothing. */
  readonly behind: number;
  /** Sentences about what does not match: an orphan, a missing instance, a host not reached, a service in no catalog. */
  readonly drift: readonly string[];
  /** Address of the service at the edge, for kind `http`. */
  readonly url: string | undefined;
}

export interface InstanceStatus {
  readonly id: string;
  readonly host: string;
  readonly release: number;
  readonly state: 'starting' | 'healthy' | 'unhealthy' | 'draining' | 'exited' | 'unknown';
  readonly note: string;
  readonly startedAt: Date;
}

export interface Fleet {
  readonly environments: readonly string[];
  readonly services: readonly string[];
  /** Builds a ref into an image and makes a release of it; an unchanged image and snapshot return the release there is. */
  build(
    request: { service: string; ref: string | undefined; requestedBy: string },
    onProgress?: (line: string) => void,
  ): Promise<{ release: Release; image: Image; created: boolean }>;
  /** Built last first, each with the environments it serves in. */
  releases(service: string, limit: number): Promise<{ release: Release; serving: string[] }[]>;
  /** Journals the operation and starts it; throws `fleet.*` when it is refused. Returns at once. */
  request(request: OperationRequest): Promise<Operation>;
  /** What `request` would do, without doing it. */
  plan(request: OperationRequest): Promise<{ from: Release | undefined; to: Release; steps: readonly string[] }>;
  operation(id: number): Promise<Operation>;
  /** Newest first. */
  history(filter: {
    service?: string;
    environment?: string;
    limit: number;
    states?: readonly OperationState[];
  }): Promise<Operation[]>;
  /** The operation now and after every change, until it is final or `signal` aborts. */
  follow(id: number, signal?: AbortSignal): AsyncIterable<Operation>;
  status(filter?: { service?: string; environment?: string }): Promise<ServiceStatus[]>;
  /** Calls back (at most every 100 ms) after anything in `status` may have changed. */
  watch(onChange: () => void): { stop(): void };
  /** Lines of the instances of a service, newest last, each with its instance. */
  logs(
    service: string,
    environment: string,
    tail: number,
  ): Promise<{ instance: string; line: string; at: Date | undefined }[]>;
}
