import type { RequestListener } from 'node:http';
import { until } from '../../test/until';
import { startProcess, startServer, type TestServer } from './contract-load';
import type { Edge, Pool, PoolPolicy } from './edge';

/** What an adapter's test prepares: an edge in front of servers of this machine. */
export interface EdgeFixture {
  readonly edge: Edge;
  /** Ends the edge hard and starts it again, at the same addresses. */
  restart(): Promise<void>;
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
    afterAll(() => this.fixture.close());
  }

  get edge(): Edge {
    return this.fixture.edge;
  }

  promise(name: string, work: () => Promise<void>): void {
    const reason = this.unsupported[name];
    if (reason === undefined) test(name, work);
    else test.skip(`${name} (${reason})`, work);
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
