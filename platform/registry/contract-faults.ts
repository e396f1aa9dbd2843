import { until } from '../../test/until';
import type { RegistryBench } from './contract-bench';
import type { Registry } from './registry';

/** The longest that any call may take, whatever happens. */
const LIMIT_MS = 15_000;

/** A server that refuses, is away, hangs, or comes back. */
export function faultContract(bench: RegistryBench): void {
  const entry = bench.entry.bind(bench);
  const { subject } = bench;

  bench.promise(
    'is unreachable when it does not answer',
    async () => {
      await expect(bench.open(subject.unreachable())).rejects.toMatchObject({ code: 'registry.unreachable' });
    },
    'unreachable',
  );

  bench.promise(
    'refuses a wrong password',
    async () => {
      await expect(bench.open(subject.wrongPassword())).rejects.toMatchObject({ code: 'registry.refused' });
    },
    'wrong credentials',
  );

  bench.promise(
    'refuses credentials of another environment',
    async () => {
      await expect(bench.open(subject.stranger())).rejects.toMatchObject({ code: 'registry.refused' });
    },
    'another environment',
  );

  bench.promise('an error says where, and never a password', async () => {
    for (const url of [subject.unreachable(), subject.wrongPassword(), subject.stranger()]) {
      const error = (await bench.open(url).catch((failure: unknown) => failure)) as Error;
      const { host, password } = new URL(url);
      expect(error.message).toContain(host);
      expect(`${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`).not.toContain(password);
    }
  });

  bench.promise(
    'connections that are cut come back: the entries are told once more, and leases are lost',
    async () => {
      const { other, service, ttl, patience } = bench;
      const { registry, network } = await bench.openBehind();
      await registry.register(entry(1));
      const seen: number[] = [];
      const watch = await registry.watch((all) => void seen.push(bench.ours(all).length));
      const lease = await registry.lease(service, 'one', ttl);
      await network.cut();
      await until(() => lease?.lost.aborted, { what: 'the holder knows', ...patience });
      const before = seen.length;
      await network.mend();
      await until(() => seen.length > before, { what: 'the entries are told once more', ...patience });
      expect(seen.at(-1)).toBe(1);
      const again = await until(() => registry.lease(service, 'one', 30), { what: 'it is taken anew', ...patience });
      expect(again.fence).toBeGreaterThan(lease!.fence);
      await other.register(entry(2));
      await until(() => seen.at(-1) === 2, { what: 'changes are seen again' });
      await until(() => registry.register(entry(3)).then(() => true), { what: 'registering works again' });
      await watch.stop();
    },
    'lost and back',
    'redelivery',
  );

  bench.fault(
    'a restart of the server keeps the entries and the height of fences',
    async ({ restart }) => {
      const { registry, other, service } = bench;
      await registry.register(entry(1));
      const lease = await registry.lease(service, 'one', 30);
      await restart();
      await until(() => lease!.release().then(() => true), { what: 'it is given back' });
      const again = await until(() => other.lease(service, 'two', 30), { what: 'the lease can be taken' });
      expect(again.fence).toBeGreaterThan(lease!.fence);
      expect(await registry.instances(service)).toHaveLength(1);
    },
    'lost and back',
  );

  bench.fault(
    'what was registered is there after the server was killed, and the watch goes on with it',
    async ({ crash }) => {
      const { registry, other, service, patience } = bench;
      const seen: string[][] = [];
      const watch = await registry.watch((all) => void seen.push(bench.ours(all).map(({ id }) => id)));
      for (let n = 1; n <= 5; n++) await other.register(entry(n));
      await other.report(entry(1).id, 'passing', 'answers');
      const ids = [1, 2, 3, 4, 5].map((n) => entry(n).id);
      await until(() => seen.at(-1)?.length === 5, { what: 'all are seen' });
      const before = seen.length;
      await crash();
      const found = await until(() => registry.instances(service), { what: 'reading works again', ...patience });
      expect(found.map(({ id }) => id)).toEqual(ids);
      await until(() => seen.length > before, { what: 'the entries are told once more', ...patience });
      expect(seen.at(-1)).toEqual(ids);
      await until(() => other.report(entry(1).id, 'passing', 'answers').then(() => true), { what: 'a report arrives' });
      expect(await bench.healthOf(1)).toBe('passing');
      await other.deregister(entry(5).id);
      await until(() => seen.at(-1)?.length === 4, { what: 'changes are seen again', ...patience });
      await watch.stop();
    },
    'lost and back',
    'redelivery',
  );

  /** Every call ends, and says why; a holder knows in time; all of it works again afterwards. */
  const survives = async (registry: Registry, freeze: () => unknown, thaw: () => unknown): Promise<void> => {
    const { service, ttl, patience } = bench;
    await registry.register(entry(1));
    const seen: number[] = [];
    const watch = await registry.watch((all) => void seen.push(bench.ours(all).length));
    const lease = await registry.lease(service, 'one', ttl);
    const before = performance.now();
    await freeze();
    try {
      const knows = until(() => lease?.lost.aborted, { what: 'the holder knows', withinMs: ttl * 1_000 + 2_000 });
      const calls = [
        registry.instances(service),
        registry.register(entry(2)),
        registry.report(entry(1).id, 'passing'),
        registry.lease(`${service}-too`, 'one', ttl),
      ];
      const results = await Promise.allSettled(calls);
      for (const result of results)
        expect(result).toMatchObject({ status: 'rejected', reason: { code: 'registry.unreachable' } });
      expect(performance.now() - before).toBeLessThan(LIMIT_MS);
      await knows;
    } finally {
      await thaw();
    }
    await until(() => registry.register(entry(3)).then(() => true), { what: 'registering works again', ...patience });
    await until(() => (seen.at(-1) ?? 0) >= 2, { what: 'changes are seen again', withinMs: 40_000 });
    const again = await until(() => registry.lease(service, 'one', 30), { what: 'it is taken anew', ...patience });
    expect(again.fence).toBeGreaterThan(lease!.fence);
    await watch.stop();
  };

  bench.fault(
    'a server that hangs hangs nobody, and everything works again when it goes on',
    ({ pause, resume }) => survives(bench.registry, pause, resume),
    'paused',
  );

  bench.promise(
    'a network that falls silent hangs nobody, and everything works again when it is back',
    async () => {
      const { registry, network } = await bench.openBehind();
      await survives(registry, network.pause, network.resume);
    },
    'paused',
  );

  bench.fault(
    'closing ends in time while the server hangs',
    async ({ pause, resume }) => {
      const { registry, service, ttl } = bench;
      await registry.watch(() => undefined);
      const lease = await registry.lease(service, 'one', ttl);
      await pause();
      try {
        const begun = performance.now();
        await registry.close();
        expect(performance.now() - begun).toBeLessThan(LIMIT_MS);
        expect(lease?.lost.aborted).toBe(true);
      } finally {
        await resume();
      }
    },
    'close while busy',
    'paused',
  );
}
