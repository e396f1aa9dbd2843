import { until } from '../../test/until';
import type { RegistryBench } from './contract-bench';

/** Registering, reporting, expiring. */
export function instanceContract(bench: RegistryBench): void {
  const entry = bench.entry.bind(bench);

  bench.promise('reads as it was registered, and critical until somebody vouches for it', async () => {
    const { registry, other, service } = bench;
    await registry.register(entry(1));
    const [found] = await other.instances(service);
    expect(found).toMatchObject({ ...entry(1), health: 'critical' });
    await other.report(entry(1).id, 'passing', 'answers');
    expect(await registry.instances(service)).toMatchObject([{ health: 'passing', note: 'answers' }]);
    expect(Math.abs(found!.reportedAt.getTime() - Date.now())).toBeLessThan(60_000);
  });

  bench.promise('an instance that listens nowhere has no address', async () => {
    const { address: _, ...worker } = entry(1);
    await bench.registry.register(worker);
    expect((await bench.registry.instances(bench.service))[0]).not.toHaveProperty('address');
  });

  bench.promise('lists one service or all, ordered by id', async () => {
    const { registry, service } = bench;
    for (const n of [3, 1, 2]) await registry.register(entry(n));
    await registry.register(entry(9, { service: `${service}-too` }));
    expect((await registry.instances(service)).map(({ id }) => id)).toEqual([1, 2, 3].map((n) => entry(n).id));
    const all = (await registry.instances()).map(({ id }) => id);
    expect(all).toEqual(expect.arrayContaining([entry(1).id, entry(9).id]));
    await registry.deregister(entry(9).id);
  });

  bench.promise(
    'registering an id again replaces its entry',
    async () => {
      const { registry, service } = bench;
      await registry.register(entry(1));
      await registry.report(entry(1).id, 'passing');
      await registry.register(entry(1, { release: 2, address: { host: '127.0.0.1', port: 5000 } }));
      const found = await registry.instances(service);
      expect(found).toMatchObject([{ release: 2, address: { port: 5000 }, health: 'critical' }]);
    },
    'duplicates',
  );

  bench.promise(
    'the very same registration again is one entry, whose health stays',
    async () => {
      const { registry, other, service } = bench;
      await registry.register(entry(1));
      await registry.report(entry(1).id, 'passing', 'answers');
      await Promise.all([registry, other, registry, other].map((one) => one.register(entry(1))));
      expect(await other.instances(service)).toMatchObject([{ ...entry(1), health: 'passing', note: 'answers' }]);
    },
    'duplicates',
  );

  bench.promise('deregistering twice and reporting what nobody registered change nothing', async () => {
    const { registry, service } = bench;
    await registry.register(entry(1));
    await registry.deregister(entry(1).id);
    await registry.deregister(entry(1).id);
    await registry.report(entry(1).id, 'passing');
    expect(await registry.instances(service)).toEqual([]);
  });

  bench.promise('an entry that nobody vouches for expires, and a report brings it back', async () => {
    const { registry, ttl, patience } = bench;
    await registry.register(entry(1, { ttlSeconds: ttl }));
    await registry.report(entry(1).id, 'passing');
    expect(await bench.healthOf(1)).toBe('passing');
    await until(async () => (await bench.healthOf(1)) === 'expired', { what: 'it expires', ...patience });
    await registry.report(entry(1).id, 'passing');
    expect(await bench.healthOf(1)).toBe('passing');
  });
}
