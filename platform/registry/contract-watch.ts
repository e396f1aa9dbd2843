import { until } from '../../test/until';
import type { RegistryBench } from './contract-bench';

/** Telling of changes. */
export function watchContract(bench: RegistryBench): void {
  const entry = bench.entry.bind(bench);

  bench.promise('tells the present entries at once and then every change, expiry included', async () => {
    const { registry, other, ttl, patience } = bench;
    await registry.register(entry(1, { ttlSeconds: ttl }));
    const seen: string[] = [];
    const watch = await registry.watch((all) => {
      seen.push(
        bench
          .ours(all)
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

  bench.promise(
    'calls one at a time, and ends with what is true',
    async () => {
      const { registry, other } = bench;
      let busy = 0;
      let most = 0;
      const releases: number[] = [];
      const watch = await registry.watch(async (all) => {
        busy++;
        most = Math.max(most, busy);
        await new Promise((resolve) => setImmediate(resolve));
        const release = bench.ours(all)[0]?.release;
        if (release !== undefined) releases.push(release);
        busy--;
      });
      for (let release = 1; release <= 20; release++) await other.register(entry(1, { release }));
      await until(() => releases.at(-1) === 20, { what: 'the last change is seen' });
      expect(most).toBe(1);
      expect(releases).toEqual([...releases].sort((a, b) => a - b));
      await watch.stop();
    },
    'order',
  );

  bench.promise(
    'a callback that is slow gets the newest entries next, and no backlog',
    async () => {
      const { registry, other } = bench;
      const seen: number[] = [];
      let go: () => void = () => undefined;
      const slow = new Promise<void>((resolve) => {
        go = resolve;
      });
      const watch = await registry.watch(async (all) => {
        const release = bench.ours(all)[0]?.release ?? 0;
        seen.push(release);
        if (release === 1) await slow;
      });
      await other.register(entry(1));
      await until(() => seen.at(-1) === 1, { what: 'the first change is seen' });
      for (let release = 2; release <= 30; release++) await other.register(entry(1, { release }));
      const told = seen.length;
      go();
      await until(() => seen.at(-1) === 30, { what: 'the last change is seen' });
      expect(seen.length - told).toBeLessThanOrEqual(3);
      await watch.stop();
    },
    'back-pressure',
  );

  bench.promise('goes on after a callback that fails, and not after it was stopped', async () => {
    const { registry, other } = bench;
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
      seen = bench.ours(all).length;
    });
    expect(seen).toBe(2);
    expect(calls).toBe(2);
    await second.stop();
  });

  bench.promise(
    'closing waits for the callback that is under way, and calls no more',
    async () => {
      const { registry, other } = bench;
      let calls = 0;
      let finished = 0;
      let go: () => void = () => undefined;
      const slow = new Promise<void>((resolve) => {
        go = resolve;
      });
      await registry.watch(async () => {
        calls++;
        if (calls === 1) return;
        await slow;
        finished++;
      });
      await other.register(entry(1));
      await until(() => calls === 2, { what: 'it is called' });
      const closed = registry.close().then(() => finished);
      await other.register(entry(2));
      go();
      expect(await closed).toBe(1);
      expect(calls).toBe(2);
    },
    'close while busy',
  );
}
