import fc from 'fast-check';
import { decide } from './decide';
import { host, many, monday, nobody, policyOf, service } from './fixture-signals';
import type { Signals } from './signals';
import { newState, restoreState, type State, saveState } from './state';

/** One look at a fleet: what a broken, busy or quiet world may show. */
const look = fc.record({
  load: fc.oneof(fc.double({ min: 0, max: 900, noNaN: true }), fc.constant(0)),
  ready: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 200_000 })),
  age: fc.constantFrom(0, 0, 0, 30, 121, 5000, Number.NaN),
  poolAge: fc.constantFrom(0, 0, 0, 0, 200),
  instances: fc.integer({ min: 0, max: 60 }),
  booting: fc.integer({ min: 0, max: 4 }),
  deploying: fc.constantFrom(false, false, false, true),
  incident: fc.constantFrom(false, false, false, false, true),
  minutes: fc.integer({ min: 1, max: 4 }),
});
const looks = fc.array(look, { minLength: 5, maxLength: 60 });

const policy = policyOf({
  services: { bot: { min: 2, max: 50 } },
  pools: { default: { min: 1, max: 12, keepSeconds: 480, largestStep: { out: 5, in: 3 } } },
});
const KEEP_MS = 480_000;

function play(steps: readonly (typeof look extends fc.Arbitrary<infer T> ? T : never)[], policyNow = policy) {
  let state: State = newState;
  let now = monday;
  let hosts = 3;
  return steps.map((step) => {
    now += step.minutes * 60_000;
    const bot = service(now, step.load, step.instances, {
      measuredAt: now - step.age * 1000,
      ready: step.ready,
      oldestSeconds: step.ready > 0 ? 30 : undefined,
      deploying: step.deploying,
    });
    const signals: Signals = {
      services: { bot },
      pools: {
        default: {
          measuredAt: now - step.poolAge * 1000,
          hosts: [
            ...many(hosts, (i) => host(`h${i}`)),
            ...many(step.booting, (i) => host(`b${i}`, { state: 'booting', launchedAt: now - 60_000, working: 0 })),
          ],
        },
      },
      incidents: step.incident ? ['Checkout fails'] : [],
    };
    const before = state;
    const result = decide(now, signals, policyNow, nobody, before);
    state = result.state;
    const pool = result.pools['default']!;
    const had = hosts + step.booting;
    hosts = Math.max(0, Math.min(12, pool.hosts));
    return { now, step, signals, before, result, pool, bot: result.services['bot']!, had, instances: step.instances };
  });
}

const check = (property: (played: ReturnType<typeof play>) => void): void =>
  fc.assert(
    fc.property(looks, (steps) => property(play(steps))),
    { numRuns: 60 },
  );

test('a decision lies within the bounds, or leaves things as they are, or moves towards them by the largest step', () => {
  check((played) => {
    for (const { pool, bot, had, instances } of played) {
      if (pool.direction === 'out') expect(pool.hosts).toBeLessThanOrEqual(Math.min(12, had + 5));
      if (pool.direction === 'in') expect(pool.hosts).toBeGreaterThanOrEqual(Math.max(1, had - 3));
      if (pool.direction === 'hold') expect(pool.hosts).toBe(had);
      if (bot.direction === 'out') expect(bot.instances).toBeLessThanOrEqual(50);
      if (bot.direction === 'in') expect(bot.instances).toBeGreaterThanOrEqual(2);
      if (bot.direction === 'hold') expect(bot.instances).toBe(instances);
    }
  });
});

test('the direction is that of the number, and what is to be done adds up to it', () => {
  check((played) => {
    for (const { pool, bot, had, instances } of played) {
      expect(Math.sign(pool.hosts - had)).toBe({ out: 1, hold: 0, in: -1 }[pool.direction]);
      expect(Math.sign(bot.instances - instances)).toBe({ out: 1, hold: 0, in: -1 }[bot.direction]);
      expect(pool.launch.length).toBe(Math.max(0, pool.hosts - had));
      expect(pool.drain.length + pool.remove.length).toBe(Math.max(0, had - pool.hosts));
      expect(bot.stop.length + bot.drain.length).toBe(Math.max(0, instances - bot.instances));
    }
  });
});

test('nothing shrinks on stale figures, in an incident or during a deployment', () => {
  check((played) => {
    for (const { step, pool, bot } of played) {
      if (step.age <= 120 && step.poolAge <= 120 && !step.incident && !step.deploying) continue;
      if (step.age <= 120 && !step.incident && !step.deploying) expect(pool.direction).toBe('hold');
      else {
        expect(pool.direction).not.toBe('in');
        expect(bot.direction).not.toBe('in');
      }
    }
  });
});

test('nothing is given back within the limit after something was added', () => {
  check((played) => {
    let [hostsOut, instancesOut] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const { now, pool, bot } of played) {
      if (pool.direction === 'in') expect(now - hostsOut).toBeGreaterThanOrEqual(KEEP_MS);
      if (bot.direction === 'in') expect(now - instancesOut).toBeGreaterThanOrEqual(300_000);
      if (pool.direction === 'out') hostsOut = now;
      if (bot.direction === 'out') instancesOut = now;
    }
  });
});

test('no busy instance or host is stopped', () => {
  check((played) => {
    for (const { signals, pool, bot } of played) {
      const busy = [...signals.services['bot']!.instances, ...signals.pools['default']!.hosts].filter(
        (it) => it.working > 0,
      );
      for (const { id } of busy) expect([...pool.remove, ...bot.stop]).not.toContain(id);
    }
  });
});

test('every decision has its sentence', () => {
  check((played) => {
    for (const { pool, bot } of played) {
      expect(pool.reason).toMatch(/^(Add|Hold|Give back) \d+ .{10,}\.$/);
      expect(bot.reason).toMatch(/^(Start|Hold|Stop) \d+ .{10,}\.$/);
      expect(`${pool.reason}${bot.reason}`).not.toMatch(/undefined|Infinity|null/);
    }
  });
});

test('the same is decided for the same, also after the state was saved and restored', () => {
  check((played) => {
    const { now, signals, before, result } = played.at(-1)!;
    expect(decide(now, signals, policy, nobody, before)).toEqual(result);
    expect(decide(now, signals, policy, nobody, restoreState(saveState(before)))).toEqual(result);
  });
});
