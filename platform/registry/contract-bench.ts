import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type Column, promised } from '../../test/contract';
import { absent } from '../../test/engines/absent';
import { openRelay, type Relay } from '../../test/engines/relay';
import { type Script, startScript } from '../../test/script';
import { silent } from '../log';
import { openRegistry } from './open';
import type { RegisteredInstance, Registration, Registry } from './registry';

export interface RegistryUnderTest {
  /** Address of the registry of one environment, as `openRegistry` takes it. */
  url(): string;
  /** Nobody listens there. */
  unreachable(): string;
  wrongPassword(): string;
  /** With credentials of another environment. */
  stranger(): string;
  /** What the server says of itself. */
  version(): Promise<string>;
  /** Time to live of entries and leases in the tests, in seconds; as short as the system allows. */
  readonly shortestTtl: number;
  readonly faults?: RegistryFaults;
}

export interface RegistryFaults {
  restart(): Promise<void>;
  /** kill -9 of the server, and a new start. */
  crash(): Promise<void>;
  /** Freezes the server: connections stay open, and nothing answers. */
  pause(): Promise<void>;
  resume(): Promise<void>;
}

/** What the tests of the suite share: before each, two registries of one environment are opened and a service named. */
export class RegistryBench {
  readonly subject: RegistryUnderTest;
  readonly unsupported: Readonly<Record<string, string>>;
  readonly ttl: number;
  /** For what waits until something expires or a lost connection is noticed. */
  readonly patience: { readonly withinMs: number };
  readonly #opened: Registry[] = [];
  readonly #scripts: Script[] = [];
  readonly #relays: Relay[] = [];
  #two: readonly [Registry, Registry] | undefined;
  service = '';

  constructor(subject: RegistryUnderTest, unsupported: Readonly<Record<string, string>>) {
    this.subject = subject;
    this.unsupported = unsupported;
    this.ttl = subject.shortestTtl;
    this.patience = { withinMs: 10_000 + this.ttl * 10_000 };
    beforeEach(async () => {
      this.service = `service-${randomUUID().slice(0, 8)}`;
      this.#two = await Promise.all([this.open(), this.open()]);
    });
    afterEach(async () => {
      await Promise.all(this.#scripts.splice(0).map((script) => script.kill()));
      const own = await this.open();
      for (const { id } of await own.instances(this.service)) await own.deregister(id);
      await Promise.all(this.#opened.splice(0).map((one) => one.close()));
      await Promise.all(this.#relays.splice(0).map((relay) => relay.close()));
    });
  }

  get registry(): Registry {
    return this.#pair[0];
  }

  /** As another process of the same environment has it. */
  get other(): Registry {
    return this.#pair[1];
  }

  get #pair(): readonly [Registry, Registry] {
    if (!this.#two) throw new Error('No registry is open yet');
    return this.#two;
  }

  /** A test of the contract. */
  promise(text: string, run: () => Promise<void>, ...covers: Column[]): void {
    promised(text, run, { covers, unsupported: this.unsupported[text] });
  }

  /** A test that disturbs the server. */
  fault(text: string, run: (faults: RegistryFaults) => Promise<void>, ...covers: Column[]): void {
    const { faults } = this.subject;
    if (faults) this.promise(text, () => run(faults), ...covers);
    else absent(text, 'this run can not disturb the server');
  }

  async open(url = this.subject.url()): Promise<Registry> {
    const one = await openRegistry(url, silent);
    this.#opened.push(one);
    return one;
  }

  /** A registry of the same environment behind a network of its own. */
  async openBehind(): Promise<{ registry: Registry; network: Relay }> {
    const url = new URL(this.subject.url());
    const network = await openRelay({ host: url.hostname, port: Number(url.port) });
    this.#relays.push(network);
    const { username, password, pathname, protocol } = url;
    const there = `${protocol}//${username}:${password}@${network.host}:${network.port}${pathname}`;
    return { registry: await this.open(there), network };
  }

  entry(n: number, more: Partial<Registration> = {}): Registration {
    return {
      id: `${this.service}-${n}`,
      service: this.service,
      release: 1,
      host: 'local',
      address: { host: '127.0.0.1', port: 4000 + n },
      ttlSeconds: 60,
      ...more,
    };
  }

  async healthOf(n: number): Promise<string | undefined> {
    return (await this.registry.instances(this.service)).find(({ id }) => id === this.entry(n).id)?.health;
  }

  ours(all: readonly RegisteredInstance[]): RegisteredInstance[] {
    return all.filter((instance) => instance.service === this.service);
  }

  /** A process that takes the lease and keeps it. */
  async startHolder(lease: string): Promise<{ script: Script; fence: number }> {
    const environment = { REGISTRY_URL: this.subject.url(), LEASE_NAME: lease, LEASE_SECONDS: String(this.ttl) };
    const script = startScript(join(__dirname, 'contract-holder.ts'), environment);
    this.#scripts.push(script);
    return { script, fence: Number((await script.says('fence')).split(' ')[1]) };
  }
}
