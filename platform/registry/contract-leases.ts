import { until } from '../../test/until';
import type { RegistryBench } from './contract-bench';

/** One holder at a time, each with a higher fence. */
export function leaseContract(bench: RegistryBench): void {
  bench.promise('one holder at a time, and each taking has a higher fence', async () => {
    const { registry, other, service } = bench;
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

  bench.promise('of many that ask at once, one gets it', async () => {
    const { registry, other, service } = bench;
    const taken = await Promise.all(
      [registry, other, registry, other, registry, other].map((one, n) => one.lease(service, `holder ${n}`, 30)),
    );
    expect(taken.filter((lease) => lease !== undefined)).toHaveLength(1);
  });

  bench.promise('is kept far beyond its time while its holder lives', async () => {
    const { registry, other, service, ttl, patience } = bench;
    const lease = await registry.lease(service, 'one', ttl);
    const limit = performance.now() + ttl * 3_500;
    const stolen = await until(
      async () => (await other.lease(service, 'two', ttl)) ?? (performance.now() > limit ? 'kept' : undefined),
      { what: 'the time is over', ...patience },
    );
    expect(stolen).toBe('kept');
    expect(lease?.lost.aborted).toBe(false);
  });

  bench.promise('is free again soon after its holder was killed', async () => {
    const { registry, service, ttl, patience } = bench;
    const { script, fence } = await bench.startHolder(service);
    expect(await registry.lease(service, 'one', 30)).toBeUndefined();
    await script.kill('SIGKILL');
    const killed = performance.now();
    const lease = await until(() => registry.lease(service, 'one', 30), { what: 'the lease is free', ...patience });
    expect(lease.fence).toBeGreaterThan(fence);
    expect(performance.now() - killed).toBeLessThan(ttl * 1_000 + 3_000);
  });

  bench.promise('a holder that was paused for too long has lost it, and knows when it goes on', async () => {
    const { registry, service, patience } = bench;
    const { script } = await bench.startHolder(service);
    process.kill(script.pid, 'SIGSTOP');
    const lease = await until(() => registry.lease(service, 'one', 30), { what: 'its time is over', ...patience });
    expect(lease.holder).toBe('one');
    process.kill(script.pid, 'SIGCONT');
    await script.says('lost');
    expect(lease.lost.aborted).toBe(false);
  });

  bench.promise(
    'closing gives leases back at once, may be repeated, and then everything is refused',
    async () => {
      const { registry, other, service } = bench;
      const lease = await registry.lease(service, 'one', 30);
      await Promise.all([registry.close(), registry.close()]);
      expect(lease?.lost.aborted).toBe(true);
      expect(await other.lease(service, 'two', 30)).toBeDefined();
      await expect(registry.instances()).rejects.toMatchObject({ code: 'registry.closed' });
      await expect(registry.register(bench.entry(1))).rejects.toMatchObject({ code: 'registry.closed' });
      await expect(registry.watch(() => undefined)).rejects.toMatchObject({ code: 'registry.closed' });
      await expect(registry.lease(service, 'one', 30)).rejects.toMatchObject({ code: 'registry.closed' });
    },
    'close while busy',
  );
}
