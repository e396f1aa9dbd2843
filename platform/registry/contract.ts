import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type Script, startScript } from '../../test/script';
import { until } from '../../test/until';
import type { RegisteredInstance, Registration, Registry } from './registry';

export interface RegistryUnderTest {
  /** Address of the registry of one environment, as `openRegistry` takes it. */
  url(): string;
  open(): Promise<Registry>;
  /** Each must be refused or fail. */
  openUnreachable(): Promise<Registry>;
  openWithWrongPassword(): Promise<Registry>;
  /** With credentials of another environment. */
  openAsStranger(): Promise<Registry>;
  /** Shortest time to live that the system allows, in seconds. */
  readonly shortestTtl: number;
  readonly faults?: { restart(): Promise<void>; cutConnections(): Promise<void> };
}

/** The suite every registry passes. A test that a system can not pass is named in `unsupported`, with the reason. */
export function registryContract(
  name: string,
  subject: RegistryUnderTest,
  { unsupported = {} }: { unsupported?: Readonly<Record<string, string>> } = {},
): void {
  describe(`${name} as registry`, () => {
    let registry: Registry;
    let other: Registry;
    let scripts: Script[] = [];
    let service: string;
    const ttl = subject.shortestTtl;
    const patience = { withinMs: 5_000 + ttl * 10_000 };

    const promise = (text: string, run: () => Promise<void>): void => {
      const reason = unsupported[text];
      if (reason === undefined) test(text, run);
      else test.skip(`${text} (unsupported: ${reason})`, run);
    };
    const fault = (text: string, run: (faults: NonNullable<RegistryUnderTest['faults']>) => Promise<void>): void => {
      const { faults } = subject;
      if (faults) promise(text, () => run(faults));
      else test.skip(`${text} (this run can not disturb the server)`, () => undefined);
    };
    const entry = (n: number, more: Partial<Registration> = {}): Registration => ({
      id: `${service}-${n}`,
      service,
      release: 1,
      host: 'local',
      address: { host: '127.0.0.1', port: 4000 + n },
      ttlSeconds: 60,
      ...more,
    });
    const healthOf = async (n: number): Promise<string | undefined> =>
      (await registry.instances(service)).find(({ id }) => id === `${service}-${n}`)?.health;
    const ours = (all: readonly RegisteredInstance[]): RegisteredInstance[] =>
      all.filter((instance) => instance.service === service);
    const startHolder = (lease: string): Script => {
      const environment = { REGISTRY_URL: subject.url(), LEASE_NAME: lease, LEASE_SECONDS: String(ttl) };
      const script = startScript(join(__dirname, 'contract-holder.ts'), environment);
      scripts.push(script);
      return script;
    };
    const fenceOf = async (script: Script): Promise<number> => Number((await script.says('fence')).split(' ')[1]);

    beforeEach(async () => {
      service = `service-${randomUUID().slice(0, 8)}`;
      [registry, other] = await Promise.all([subject.open(), subject.open()]);
    });
    afterEach(async () => {
      await Promise.all(scripts.map((script) => script.kill()));
      scripts = [];
      for (const { id } of await registry.instances(service).catch(() => [])) await registry.deregister(id);
      await Promise.all([registry.close(), other.close()]);
    });

    describe('instances', () => {
      promise('reads as it was registered, and critical until somebody vouches for it', async () => {
        await registry.register(entry(1));
        const [found] = await other.instances(service);
        expect(found).toMatchObject({ ...entry(1), health: 'critical' });
        await other.report(entry(1).id, 'passing', 'answers');
        expect(await registry.instances(service)).toMatchObject([{ health: 'passing', note: 'answers' }]);
        expect(Math.abs(found!.reportedAt.getTime() - Date.now())).toBeLessThan(60_000);
      });

      promise('an instance that listens nowhere has no address', async () => {
        const { address: _, ...worker } = entry(1);
        await registry.register(worker);
        expect((await registry.instances(service))[0]).not.toHaveProperty('address');
      });

      promise('lists one service or all, ordered by id', async () => {
        for (const n of [3, 1, 2]) await registry.register(entry(n));
        await registry.register(entry(9, { service: `${service}-too` }));
        expect((await registry.instances(service)).map(({ id }) => id)).toEqual([1, 2, 3].map((n) => entry(n).id));
        const all = (await registry.instances()).map(({ id }) => id);
        expect(all).toEqual(expect.arrayContaining([entry(1).id, entry(9).id]));
        await registry.deregister(entry(9).id);
      });

      promise('registering an id again replaces its entry', async () => {
        await registry.register(entry(1));
        await registry.report(entry(1).id, 'passing');
        await registry.register(entry(1, { release: 2, address: { host: '127.0.0.1', port: 5000 } }));
        const found = await registry.instances(service);
        expect(found).toMatchObject([{ release: 2, address: { port: 5000 }, health: 'critical' }]);
      });

      promise('deregistering twice and reporting what nobody registered change nothing', async () => {
        await registry.register(entry(1));
        await registry.deregister(entry(1).id);
        await registry.deregister(entry(1).id);
        await registry.report(entry(1).id, 'passing');
        expect(await registry.instances(service)).toEqual([]);
      });

      promise('an entry that nobody vouches for expires, and a report brings it back', async () => {
        await registry.register(entry(1, { ttlSeconds: ttl }));
        await registry.report(entry(1).id, 'passing');
        expect(await healthOf(1)).toBe('passing');
        await until(async () => (await healthOf(1)) === 'expired', { what: 'it expires', ...patience });
        await registry.report(entry(1).id, 'passing');
        expect(await healthOf(1)).toBe('passing');
      });
    });

    describe('watching', () => {
      promise('tells the present entries at once and then every change, expiry included', async () => {
        await registry.register(entry(1, { ttlSeconds: ttl }));
        const seen: string[] = [];
        const watch = await registry.watch((all) => {
          seen.push(
            ours(all)
              .map(({ id, health }) => `${id.at(-1)} ${health}`)
              .join(),
          );
        });
        expect(seen).toEqual(['1 critical']);
        await other.report(entry(1).id, 'passing');
        await until(() => seen.at(-1) === '1 passing', { what: 'the report is seen' });
        await until(() => seen.at(-1) === '1 expired', { what: 'the expiry is seen', ...patience });
        await other.register(entry(2));
        await until(() => seen.at(-1) === '1 expired,2 critical', { what: 'the second entry is seen' });
        await other.deregister(entry(1).id);
        await until(() => seen.at(-1) === '2 critical', { what: 'the removal is seen' });
        await watch.stop();
      });

      promise('calls one at a time, and ends with what is true', async () => {
        let busy = 0;
        let most = 0;
        let last: number | undefined;
        const watch = await registry.watch(async (all) => {
          busy++;
          most = Math.max(most, busy);
          await new Promise((resolve) => setImmediate(resolve));
          last = ours(all)[0]?.release;
          busy--;
        });
        for (let release = 1; release <= 20; release++) await other.register(entry(1, { release }));
        await until(() => last === 20, { what: 'the last change is seen' });
        expect(most).toBe(1);
        await watch.stop();
      });

      promise('goes on after a callback that fails, and not after it was stopped', async () => {
        let calls = 0;
        const watch = await registry.watch(() => {
          calls++;
          throw new Error('not my day');
        });
        await other.register(entry(1));
        await until(() => calls === 2, { what: 'it is called again' });
        await watch.stop();
        await other.register(entry(2));
        let seen = 0;
        const second = await registry.watch((all) => {
          seen = ours(all).length;
        });
        expect(seen).toBe(2);
        expect(calls).toBe(2);
        await second.stop();
      });
    });

    describe('leases', () => {
      promise('one holder at a time, and each taking has a higher fence', async () => {
        const first = await registry.lease(service, 'one', 30);
        expect(await other.lease(service, 'two', 30)).toBeUndefined();
        expect(await registry.lease(service, 'one', 30)).toBeUndefined();
        await first?.release();
        const second = await other.lease(service, 'two', 30);
        expect(second!.fence).toBeGreaterThan(first!.fence);
        expect(second).toMatchObject({ name: service, holder: 'two' });
        expect(first?.lost.aborted).toBe(false);
        await first?.release();
        expect(await registry.lease(service, 'one', 30)).toBeUndefined();
      });

      promise('of many that ask at once, one gets it', async () => {
        const taken = await Promise.all(
          [registry, other, registry, other, registry, other].map((one, n) => one.lease(service, `holder ${n}`, 30)),
        );
        expect(taken.filter((lease) => lease !== undefined)).toHaveLength(1);
      });

      promise('is kept far beyond its time while its holder lives', async () => {
        const lease = await registry.lease(service, 'one', ttl);
        const limit = performance.now() + ttl * 3_500;
        const stolen = await until(
          async () => (await other.lease(service, 'two', ttl)) ?? (performance.now() > limit ? 'kept' : undefined),
          { what: 'the time is over', ...patience },
        );
        expect(stolen).toBe('kept');
        expect(lease?.lost.aborted).toBe(false);
      });

      promise('is free again soon after its holder was killed', async () => {
        const script = startHolder(service);
        const before = await fenceOf(script);
        expect(await registry.lease(service, 'one', 30)).toBeUndefined();
        await script.kill('SIGKILL');
        const lease = await until(() => registry.lease(service, 'one', 30), { what: 'the lease is free', ...patience });
        expect(lease.fence).toBeGreaterThan(before);
      });

      promise('a holder that was paused for too long has lost it, and knows when it goes on', async () => {
        const script = startHolder(service);
        await script.says('fence');
        process.kill(script.pid, 'SIGSTOP');
        const lease = await until(() => registry.lease(service, 'one', 30), { what: 'its time is over', ...patience });
        expect(lease.holder).toBe('one');
        process.kill(script.pid, 'SIGCONT');
        await script.says('lost');
        expect(lease.lost.aborted).toBe(false);
      });

      promise('closing gives leases back at once, may be repeated, and then everything is refused', async () => {
        const lease = await registry.lease(service, 'one', 30);
        await Promise.all([registry.close(), registry.close()]);
        expect(lease?.lost.aborted).toBe(true);
        expect(await other.lease(service, 'two', 30)).toBeDefined();
        await expect(registry.instances()).rejects.toMatchObject({ code: 'registry.closed' });
        await expect(registry.register(entry(1))).rejects.toMatchObject({ code: 'registry.closed' });
        await expect(registry.watch(() => undefined)).rejects.toMatchObject({ code: 'registry.closed' });
        await expect(registry.lease(service, 'one', 30)).rejects.toMatchObject({ code: 'registry.closed' });
      });
    });

    describe('a server that refuses or is away', () => {
      promise('is unreachable when it does not answer', async () => {
        await expect(subject.openUnreachable()).rejects.toMatchObject({ code: 'registry.unreachable' });
      });

      promise('refuses a wrong password', async () => {
        await expect(subject.openWithWrongPassword()).rejects.toMatchObject({ code: 'registry.refused' });
      });

      promise('refuses credentials of another environment', async () => {
        await expect(subject.openAsStranger()).rejects.toMatchObject({ code: 'registry.refused' });
      });

      fault(
        'connections that are cut come back: the entries are told once more, and leases are lost',
        async (faults) => {
          await registry.register(entry(1));
          const seen: number[] = [];
          const watch = await registry.watch((all) => void seen.push(ours(all).length));
          const lease = await registry.lease(service, 'one', 30);
          await faults.cutConnections();
          await until(() => lease?.lost.aborted, { what: 'the holder knows' });
          await until(() => seen.length === 2, { what: 'the entries are told once more' });
          const again = await until(() => registry.lease(service, 'one', 30), { what: 'the lease can be taken anew' });
          expect(again.fence).toBeGreaterThan(lease!.fence);
          await until(() => other.register(entry(2)).then(() => true), { what: 'registering works again' });
          await until(() => seen.at(-1) === 2, { what: 'changes are seen again' });
          await watch.stop();
        },
      );

      fault('a restart of the server keeps the entries and the height of fences', async (faults) => {
        await registry.register(entry(1));
        const lease = await registry.lease(service, 'one', 30);
        await faults.restart();
        await until(() => lease?.lost.aborted, { what: 'the holder knows' });
        const again = await until(() => other.lease(service, 'two', 30), { what: 'the lease can be taken' });
        expect(again.fence).toBeGreaterThan(lease!.fence);
        expect(await registry.instances(service)).toHaveLength(1);
      });
    });
  });
}
