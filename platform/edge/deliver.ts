import type { ServerPool } from './server-pool';
import type { Upstream } from './upstream';

/** How one try at a server went. */
export type Outcome =
  | { readonly kind: 'answered'; readonly status: number }
  /** The server took no connection: nothing of the request was read. */
  | { readonly kind: 'refused' }
  /** The connection ended before the answer began. */
  | { readonly kind: 'cut'; readonly repeatable: boolean }
  | { readonly kind: 'failed'; readonly status: 502 | 504; readonly why: string }
  /** The client has gone. */
  | { readonly kind: 'abandoned' };

export interface Delivery {
  readonly pool: ServerPool;
  /** `fresh`: not over a connection that was used before. */
  attempt(server: Upstream, fresh: boolean): Promise<Outcome>;
  /** Answers instead of a server; gives the status. */
  refuse(status: 502 | 503 | 504, why: string): number;
  /** Calls back when the client goes away. */
  onGone(callback: () => void): void;
  readonly gone: boolean;
  /** A method that may be repeated after it reached a server. */
  readonly repeatable: boolean;
  onRetry(reason: 'refused' | 'cut'): void;
}

const CUT_LIMIT = 3;
const HELD_LIMIT = 2_000;
const GONE = 499;

/** Brings requests to servers: another one when one fails, later when there is none. */
export class Deliverer {
  private held = 0;
  private closing = false;

  /** Gives the status that the client got; 499 when it had gone. */
  async deliver(delivery: Delivery): Promise<number> {
    const { pool } = delivery;
    const tried = new Set<Upstream>();
    let cuts = 0;
    let patience = pool.policy.holdSeconds * 1000;
    for (;;) {
      if (delivery.gone) return GONE;
      let server = pool.choose(performance.now(), tried);
      if (!server) {
        if (patience > 0 && this.held < HELD_LIMIT && !this.closing) {
          patience -= await this.hold(delivery, patience);
          tried.clear();
          continue;
        }
        server = pool.lastResort(tried);
        if (!server) return delivery.refuse(503, tried.size > 0 ? 'no server takes connections' : 'no server is ready');
      }
      const outcome = await delivery.attempt(server, tried.size > 0);
      tried.add(server);
      if (outcome.kind === 'answered') return outcome.status;
      if (outcome.kind === 'abandoned') return GONE;
      if (outcome.kind === 'failed') return delivery.refuse(outcome.status, outcome.why);
      if (outcome.kind === 'refused') server.refused(performance.now());
      else if (!outcome.repeatable || !(delivery.repeatable || pool.policy.retry === 'all') || ++cuts >= CUT_LIMIT) {
        return delivery.refuse(502, 'the server closed the connection before it answered');
      }
      delivery.onRetry(outcome.kind);
    }
  }

  /** Lets those who wait take their last chance now. */
  close(pools: readonly ServerPool[]): void {
    this.closing = true;
    for (const pool of pools) pool.wakeAll();
  }

  /** Waits until there may be a server, at most `limit` ms; gives how long it was. */
  private hold(delivery: Delivery, limit: number): Promise<number> {
    const since = performance.now();
    this.held++;
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        wait.stop();
        if (ended) return;
        ended = true;
        this.held--;
        resolve(performance.now() - since);
      };
      let ended = false;
      const timer = setTimeout(end, limit);
      const wait = delivery.pool.wait(end);
      delivery.onGone(end);
    });
  }
}
