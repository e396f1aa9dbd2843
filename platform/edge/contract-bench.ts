import type { RequestListener } from 'node:http';
import { type Column, promised } from '../../test/contract';
import { until } from '../../test/until';
import { startProcess, startServer, type TestServer } from './contract-load';
import type { Edge, Pool, PoolPolicy } from './edge';

/** What an adapter's test prepares: an edge in front of servers of this machine. */
export interface EdgeFixture {
  /** What the server says of itself. */
  readonly version: string;
  readonly edge: Edge;
  /** Another client of the same edge, which gives up soon. */
  open(): Edge;
  /** A client that the edge has to refuse: with a wrong token, or without the right to use its socket. */
  openWithoutRights(): { readonly edge: Edge; close(): void };
  /** A client of an address where nothing is. */
  openNowhere(): Edge;
  /** Kills the edge with -9. */
  crash(): Promise<void>;
  /** Starts it again, at the same addresses. */
  start(): Promise<void>;
  /** Freezes its processes: connections are taken, and nothing is said. */
  pause(): void;
  resume(): void;
  close(): Promise<void>;
}

export const held: PoolPolicy = { holdSeconds: 10, retry: 'idempotent' };
export const impatient: PoolPolicy = { holdSeconds: 0, retry: 'idempotent' };

/** What the tests of the suite share: each has a pool of its own. */
export class EdgeBench {
  fixture!: EdgeFixture;
  pool: Pool = { environment: 'stage', service: 'web' };
  readonly closers: (() => Promise<unknown> | unknown)[] = [];
  private number = 0;
  private readonly unsupported: Readonly<Record<string, string>>;

  constructor(prepare: () => Promise<EdgeFixture>, unsupported: Readonly<Record<string, string>>) {
    this.unsupported = unsupported;
    beforeAll(async () => {
      this.fixture = await prepare();
    });
    beforeEach(() => {
      this.pool = { environment: 'stage', service: `web-${++this.number}` };
    });
    afterEach(async () => {
      for (const { id } of await this.edge.servers(this.pool)) await this.edge.remove(this.pool, id, { force: true });
      for (const close of this.closers.splice(0)) await close();
    });
    afterAll(() => this.fixture?.close());
  }

  get edge(): Edge {
    return this.fixture.edge;
  }

  async restart(): Promise<void> {
    await this.fixture.crash();
    await this.fixture.start();
  }

  promise(text: string, work: () => Promise<void>, ...covers: Column[]): void {
    promised(text, work, { covers, unsupported: this.unsupported[text] });
  }

  async serve(id: string, listener?: RequestListener): Promise<TestServer> {
    const server = await startServer(id, listener);
    this.closers.push(() => server.close());
    return server;
  }

  async launch(id: string): ReturnType<typeof startProcess> {
    const server = await startProcess(id);
    this.closers.push(() => server.child.kill('SIGKILL'));
    return server;
  }

  async sessions(id: string): Promise<number | undefined> {
    return (await this.edge.servers(this.pool)).find((server) => server.id === id)?.sessions;
  }

  drained(id: string): Promise<unknown> {
    return until(async () => (await this.sessions(id)) === 0, { what: `${id} has no sessions` });
  }
}
