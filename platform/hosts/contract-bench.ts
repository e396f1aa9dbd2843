import { randomUUID } from 'node:crypto';
import { type Column, exercised, promised } from '../../test/contract';
import { until } from '../../test/until';
import { openTester, type Tester } from './contract-program';
import type { Host, Hosts, Instance, InstanceEvent, InstanceLabels, InstanceSpec, LogLine } from './hosts';

/** What an adapter's test prepares. */
export interface HostsFixture {
  /** What runs the instances says of itself. */
  readonly version: string;
  open(): Promise<Hosts>;
  /** An image with `testProgram`, and the command that runs it. */
  readonly image: string;
  readonly command: readonly string[];
  readonly host: string;
  /** Address of the test itself as instances reach it. */
  readonly tester: string;
  /** Columns of the table that say nothing about this adapter, with the reason. */
  readonly meaningless?: Partial<Record<Column, string>>;
  close(): Promise<void>;
}

/** Disturbs the way to `host`, or the host itself. */
export interface HostFaults {
  /** From the network's end: connections end or fall silent. Instances go on. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  /** The host takes connections and does nothing. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** A host that has to go on meanwhile. */
  readonly other: string | undefined;
  /** Opens with credentials that the host does not take. */
  readonly openRefused: (() => Promise<Hosts>) | undefined;
}

/** What the tests of the suite share. */
export class HostsBench {
  fixture!: HostsFixture;
  hosts!: Hosts;
  tester!: Tester;
  /** Others may have instances on the same hosts. */
  private readonly ids = new Set<string>();
  private readonly opened: Hosts[] = [];
  private readonly unsupported: Readonly<Record<string, string>>;

  constructor(name: string, prepare: () => Promise<HostsFixture>, unsupported: Readonly<Record<string, string>>) {
    this.unsupported = unsupported;
    beforeAll(async () => {
      this.fixture = await prepare();
      const { version, meaningless = {} } = this.fixture;
      exercised({ port: 'hosts', adapter: name, version, meaningless });
      this.tester = await openTester(this.fixture.tester);
    });
    beforeEach(async () => {
      this.hosts = await this.fixture.open();
      this.tester.forget();
    });
    afterEach(async () => {
      for (const { id } of await this.mine()) {
        await this.hosts.stop(id, { graceSeconds: 0 });
        await this.hosts.remove(id);
      }
      await Promise.all([this.hosts, ...this.opened.splice(0)].map((hosts) => hosts.close()));
    });
    afterAll(async () => {
      await this.tester.close();
      await this.fixture.close();
    });
  }

  promise(name: string, work: () => Promise<void>, covers: readonly Column[] = []): void {
    promised(name, work, { covers, unsupported: this.unsupported[name] });
  }

  specOf(mode: string, more: Partial<InstanceSpec> & { env?: Record<string, string> } = {}): InstanceSpec {
    const { fixture, tester } = this;
    const id = `web-${randomUUID().slice(0, 8)}`;
    this.ids.add(id);
    return {
      id,
      host: fixture.host,
      labels: { environment: 'stage', service: 'web', release: 7, operation: '12' },
      image: fixture.image,
      command: fixture.command,
      listens: false,
      memoryMb: 64,
      cpus: 0.1,
      ...more,
      env: {
        MODE: mode,
        TESTER_HOST: fixture.tester,
        TESTER_PORT: String(tester.port),
        ...more.env,
      },
    };
  }

  async startUp(spec: InstanceSpec): Promise<Instance> {
    const instance = await this.hosts.start(spec);
    await this.tester.here('main');
    return instance;
  }

  /** Instances that this suite has started. */
  async mine(selector: Partial<InstanceLabels> = {}, hosts = this.hosts): Promise<Instance[]> {
    return (await hosts.instances(selector)).filter(({ id }) => this.ids.has(id));
  }

  /** Collects what is told of them. */
  watch(): InstanceEvent[] {
    const events: InstanceEvent[] = [];
    this.hosts.watch((event) => {
      if (this.ids.has(event.instance.id)) events.push(event);
    });
    return events;
  }

  /** Another controller, which is closed when the test ends. */
  async openAnother(open = () => this.fixture.open()): Promise<Hosts> {
    const hosts = await open();
    this.opened.push(hosts);
    return hosts;
  }

  async find(id: string): Promise<Instance | undefined> {
    return (await this.hosts.instances()).find((each) => each.id === id);
  }

  /** Resolves when the host is as said. */
  async untilHost(state: Host['state'], hosts = this.hosts, name = this.fixture.host): Promise<void> {
    const seen = async () => (await hosts.hosts()).find((host) => host.name === name)?.state === state;
    await until(seen, { what: `${name} is ${state}`, withinMs: 40_000 });
  }

  exited(id: string): Promise<Instance> {
    const ended = async () => {
      const instance = await this.find(id);
      return instance?.state === 'exited' ? instance : undefined;
    };
    return until(ended, { what: `${id} exited` });
  }

  async texts(id: string, tail: number): Promise<string[]> {
    return (await all(this.hosts.logs(id, { tail }))).map(({ text }) => text);
  }
}

export async function all(lines: AsyncIterable<LogLine>): Promise<LogLine[]> {
  const found: LogLine[] = [];
  for await (const line of lines) found.push(line);
  return found;
}
