import type { Relay } from '../../test/engines/relay';
import { until } from '../../test/until';
import type { RegistryBench, RegistryFaults } from './contract-bench';
import type { Registry } from './registry';

const RIVALS = 4;
const DISTURBANCES = 8;

/** From when until when a rival was sure that it alone holds the lease. */
interface Tenure {
  readonly holder: number;
  readonly fence: number;
  readonly from: number;
  to: number;
}

/** Several want one lease while their networks are cut and silent and the server is killed and frozen, at random. */
export function rivalContract(bench: RegistryBench): void {
  bench.fault(
    'never are two sure at once, and fences rise with time, whatever happens to network and server',
    async (faults) => {
      const seed = Date.now() % 100_000;
      const random = randomFrom(seed);
      const tenures: Tenure[] = [];
      let over = false;
      const rivals = await Promise.all(Array.from({ length: RIVALS }, () => bench.openBehind()));
      const working = rivals.map(({ registry }, n) => compete(registry, n));

      async function compete(registry: Registry, holder: number): Promise<void> {
        const { service, ttl } = bench;
        while (!over) {
          const lease = await registry.lease(service, `rival ${holder}`, ttl).catch(() => undefined);
          if (lease === undefined || lease.lost.aborted) {
            await moment(20);
            continue;
          }
          const tenure = { holder, fence: lease.fence, from: performance.now(), to: Number.POSITIVE_INFINITY };
          tenures.push(tenure);
          lease.lost.addEventListener('abort', () => (tenure.to = performance.now()));
          const enough = performance.now() + random() * ttl * 3_000;
          await until(() => lease.lost.aborted || over || performance.now() > enough, { what: 'the tenure ends' });
          if (!lease.lost.aborted) tenure.to = performance.now();
          await lease.release().catch(() => undefined);
        }
      }

      for (let n = 0; n < DISTURBANCES; n++) {
        const soFar = tenures.length;
        const held = () => tenures.length > soFar && tenures.at(-1)?.to === Number.POSITIVE_INFINITY;
        await until(held, { what: `somebody holds it (seed ${seed}, after ${n})`, withinMs: 60_000 });
        const victim = rivals[tenures.at(-1)?.holder ?? 0]?.network;
        if (victim) await disturb(n, victim, faults, random() * bench.ttl * 2_500);
      }
      over = true;
      await Promise.all(working);

      const sorted = tenures.sort((a, b) => a.from - b.from);
      const wrong = sorted.flatMap((tenure, n) => {
        const before = sorted[n - 1];
        if (before === undefined || (before.to <= tenure.from && before.fence < tenure.fence)) return [];
        return [{ before, tenure }];
      });
      expect({ seed, wrong }).toEqual({ seed, wrong: [] });
      expect(tenures.length).toBeGreaterThan(DISTURBANCES);
    },
    'lost and back',
    'paused',
  );
}

/** Each kind comes up in turn, so that none is left out by chance; how long it lasts is left to it. */
async function disturb(n: number, network: Relay, faults: RegistryFaults, lastsMs: number): Promise<void> {
  switch (n % 4) {
    case 0:
      await network.cut();
      await moment(lastsMs);
      return network.mend();
    case 1:
      network.pause();
      await moment(lastsMs);
      return network.resume();
    case 2:
      await faults.pause();
      await moment(lastsMs);
      return faults.resume();
    default:
      return faults.crash();
  }
}

/** How long a disturbance lasts, and how often a rival asks, is part of the experiment. */
function moment(ms: number): Promise<unknown> {
  const end = performance.now() + ms;
  return until(() => performance.now() >= end, { what: 'the moment is over', withinMs: ms + 5_000 });
}

/** A linear congruential generator, so that a failure can be repeated by its seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}
