/**
 * Edge: brings HTTP traffic to the instances of a service and shifts it between releases.
 *
 * A pool is the set of servers of one service in one environment. Life of a server in a pool:
 *
 *     add ──► ready ──drain──► draining ──(no sessions left)──remove──► gone
 *
 * Promises every adapter keeps (contract.ts is their test):
 * - A pool's `url` never changes, whatever is added to or removed from it; it exists before the first server does.
 * - A `ready` server gets requests; a `draining` one gets none, finishes those it has, and its kept-alive
 *   connections are not used again.
 * - A request is not lost while the pool has, or within `holdSeconds` gets, a ready server: a refused connection, or
 *   (for pools with `retry: 'all'`, else only for GET, HEAD, OPTIONS, PUT, DELETE) one cut before the first byte of the
 *   answer, is tried on another server, as long as its body is small enough to be kept. Otherwise the client gets 502,
 *   503 or 504, never silence.
 * - Pools survive a restart of the edge itself.
 * Errors: `edge.unreachable` (within 10 s, also when the edge takes connections and says nothing), `edge.refused`,
 * `edge.unknown-server`, `edge.busy` (removing a server with sessions), `edge.not-written` (a restart would forget).
 */
export interface Edge {
  /** Address under which clients reach the pool, without a trailing slash. */
  url(pool: Pool): string;
  servers(pool: Pool): Promise<EdgeServer[]>;
  /** Idempotent on `server.id`; a draining server becomes ready again. */
  add(pool: Pool, server: NewServer, policy: PoolPolicy): Promise<void>;
  /** Idempotent. Returns at once; poll `servers` for `sessions` to reach 0. */
  drain(pool: Pool, id: string): Promise<void>;
  /** Removes a server without sessions, or with `force` cuts them. Idempotent: an unknown id is not an error. */
  remove(pool: Pool, id: string, options?: { readonly force: boolean }): Promise<void>;
  close(): Promise<void>;
}

export interface Pool {
  readonly environment: string;
  readonly service: string;
}

export interface NewServer {
  readonly id: string;
  readonly address: { readonly host: string; readonly port: number };
}

export interface PoolPolicy {
  /** How long a request may wait for a ready server. */
  readonly holdSeconds: number;
  /** `all`: the service recognises repeats, so that even a POST may be sent twice. */
  readonly retry: 'idempotent' | 'all';
}

export interface EdgeServer extends NewServer {
  readonly state: 'ready' | 'draining';
  /** It took no connection when the edge itself tried last. */
  readonly down: boolean;
  /** Requests being answered now. */
  readonly sessions: number;
}
