import { choose } from './choose';
import type { EdgeServer, NewServer, Pool, PoolPolicy } from './edge';
import { Upstream } from './upstream';

/** For pools that nobody has described yet: their service may just be starting. */
const unknownPolicy: PoolPolicy = { holdSeconds: 5, retry: 'idempotent' };

const SOONEST_MS = 5;
const NEXT_LOOK_MS = 250;

/** The servers of a pool, and the requests that wait for one. */
export class ServerPool {
  readonly name: Pool;
  policy: PoolPolicy = unknownPolicy;
  private servers: Upstream[] = [];
  private turn = 0;
  private readonly waiting = new Set<() => void>();
  private timer: NodeJS.Timeout | undefined;
  private lookAt = 0;

  constructor(name: Pool) {
    this.name = name;
  }

  list(): EdgeServer[] {
    return this.servers.map(({ id, address, state, down, sessions }) => {
      return { id, address, state, down, sessions: sessions.size };
    });
  }

  all(): readonly Upstream[] {
    return this.servers;
  }

  find(id: string): Upstream | undefined {
    return this.servers.find((server) => server.id === id);
  }

  add(server: NewServer, state: EdgeServer['state']): void {
    const known = this.find(server.id);
    const moved = known && (known.address.host !== server.address.host || known.address.port !== server.address.port);
    if (known && !moved) known.ready();
    else {
      known?.drain();
      this.servers = [...this.servers.filter((each) => each !== known), new Upstream(server, state)];
    }
    this.wakeAll();
  }

  remove(server: Upstream): void {
    this.servers = this.servers.filter((each) => each !== server);
    server.drain();
    server.cut();
  }

  choose(now: number, tried: ReadonlySet<Upstream>): Upstream | undefined {
    const server = choose(this.servers, this.turn, now, tried);
    if (server) this.turn = this.servers.indexOf(server) + 1;
    return server;
  }

  /** Any ready server that was not tried, believed to be up or not. */
  lastResort(tried: ReadonlySet<Upstream>): Upstream | undefined {
    return this.servers.find((server) => server.state === 'ready' && !tried.has(server));
  }

  /** Calls `wake` once: when a server comes, or when it is this request's turn to see whether one is up again. */
  wait(wake: () => void): { stop(): void } {
    this.waiting.add(wake);
    this.arm();
    return { stop: () => this.waiting.delete(wake) };
  }

  get idle(): boolean {
    return this.waiting.size === 0 && this.servers.length === 0;
  }

  wakeAll(): void {
    const wakes = [...this.waiting];
    this.waiting.clear();
    for (const wake of wakes) wake();
  }

  /**
   * One request at a time looks whether a server is up again; the others wait for what it finds. When it says nothing,
   * the next one looks.
   */
  private arm(notBefore = 0): void {
    const ready = this.servers.filter(({ state }) => state === 'ready');
    if (ready.length === 0 || this.waiting.size === 0) return;
    const now = performance.now();
    const at = Math.max(notBefore, now + SOONEST_MS, Math.min(...ready.map((server) => server.upAgainAt)));
    if (this.timer && at >= this.lookAt) return;
    clearTimeout(this.timer);
    this.lookAt = at;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      const [first] = this.waiting;
      if (!first) return;
      this.waiting.delete(first);
      first();
      this.arm(performance.now() + NEXT_LOOK_MS);
    }, at - now);
  }
}
