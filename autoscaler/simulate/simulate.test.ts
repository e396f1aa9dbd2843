import fc from 'fast-check';
import { smallTrace, smallWorld } from './fixture-worlds';
import { policies } from './policies';
import { type Observation, plant, type SimulatedPolicy } from './policy';
import { openRandom } from './random';
import { lateOf, Waits } from './score';
import { simulate } from './simulate';
import { msOf, openWorld, type World } from './world';

/** Wishes for anything at all. */
function wild(seed: number): SimulatedPolicy {
  const random = openRandom(seed, 'wild');
  return {
    name: 'wild',
    periodSeconds: 60,
    decide: () => ({ hosts: 1 + 40 * random(), instances: 1 + 160 * random(), reason: 'wild' }),
  };
}

/** A fixed fleet that keeps what it is shown. */
function watching(hosts: number, periodSeconds = 5): SimulatedPolicy & { readonly seen: [Observation, number][] } {
  const seen: [Observation, number][] = [];
  return {
    name: 'watching',
    periodSeconds,
    seen,
    decide(observation, now) {
      seen.push([structuredClone(observation), now]);
      return { hosts, instances: hosts * 4, reason: 'fixed' };
    },
  };
}

/** A world of chosen arrivals a tick, scored from the beginning. */
function worldOf(arrivals: number[], more: Partial<World> = {}): World {
  const world = openWorld({ trace: smallTrace(1, 10), from: 0 });
  const minutes = Float64Array.from({ length: arrivals.length / 12 }, (_, minute) =>
    arrivals.slice(12 * minute, 12 * minute + 12).reduce((a, b) => a + b, 0),
  );
  const rate = new Float64Array(arrivals.length);
  return { ...world, ticks: arrivals.length, arrivals: Int32Array.from(arrivals), rate, minutes, ...more };
}
const minuteOf = (perTick: number): number[] => Array(12).fill(perTick);

test('what came was served or waits, whatever a policy does', () => {
  fc.assert(
    fc.property(fc.nat(1e6), fc.double({ min: 0, max: 0.3, noNaN: true }), (seed, drift) => {
      const { balance, series, score } = simulate(smallWorld(seed, { serviceDrift: drift }), wild(seed));
      expect(balance.served + balance.waiting).toBeCloseTo(balance.arrived, 3);
      const [late, arrived] = [series.late, series.arrived].map((counts) => counts.reduce((a, b) => a + b, 0));
      expect(score.slo).toBeCloseTo(1 - late! / arrived!, 9);
      expect(score.slo).toBeGreaterThanOrEqual(0);
      expect(series.hosts.reduce((a, b) => a + b, 0) / 60).toBeCloseTo(score.nodeHours, 1);
    }),
    { numRuns: 8 },
  );
});

test('the same seed gives the same result, another seed other messages', () => {
  for (const make of Object.values(policies)) {
    const run = (seed: number): unknown =>
      simulate(smallWorld(3, { seed, bootJitter: 2, launchFailure: 0.1, serviceDrift: 0.2, metricLoss: 0.05 }), make())
        .score;
    expect(run(5)).toEqual(run(5));
  }
  expect(smallWorld(3, { seed: 5 }).arrivals).not.toEqual(smallWorld(3, { seed: 6 }).arrivals);
});

test('all policies of a world meet the same messages', () => {
  const world = smallWorld(4);
  const arrived = Object.values(policies).map((make) => simulate(world, make()).balance.arrived);
  expect(new Set(arrived).size).toBe(1);
});

test('a host costs from its launch on, and each launch is counted', () => {
  const world = worldOf(Array(720).fill(0));
  let calls = 0;
  const { score } = simulate(world, {
    name: 'one more after half an hour',
    periodSeconds: 60,
    decide: () => ({ hosts: calls++ < 30 ? 1 : 2, instances: 4, reason: '' }),
  });
  expect(score).toMatchObject({ nodeHours: 1.5, launches: 1, workerHours: 4, slo: 1 });
});

test('messages are late by the wait at their arrival, and the oldest has the age of first in, first out', () => {
  // One host does 200 messages a tick; 600 in the first leave 400, so those after a tenth of … wait longer than 5 s.
  const world = worldOf([600, ...Array(11).fill(0), ...minuteOf(0)]);
  const { score, series } = simulate(world, watching(1));
  // The queue goes from 0 to 400 in a straight line; above 200 a message waits 5 s: half of them.
  expect(series.late[0]).toBe(300);
  expect(score.slo).toBe(0.5);
  expect(score.maxQueueAgeSeconds).toBeGreaterThan(3);
  expect(score.maxQueueAgeSeconds).toBeLessThanOrEqual(10);
});

test('a policy sees finished ticks alone, and measurements that are late later', () => {
  const world = worldOf([...minuteOf(50), ...minuteOf(100), ...minuteOf(20)]);
  const now = watching(1);
  simulate(world, now);
  const [observation, at] = now.seen[12]!;
  expect(at).toBe(msOf(world, 12));
  expect(observation).toMatchObject({ measuredAt: at, missing: false, arrivalRate: 10, serviceRate: 10, ready: 0 });
  expect([...observation.minutes.counts]).toEqual([600]);
  expect(now.seen[13]![0].arrivalRate).toBe(15);
  expect(now.seen[14]![0].arrivalRate).toBe(20);
  expect(now.seen[24]![0].busy).toBeCloseTo(0.5, 6);

  const late = watching(1);
  simulate({ ...world, mishaps: { ...world.mishaps, metricDelay: 30 } }, late);
  const [delayed] = late.seen[18]!;
  expect(delayed).toMatchObject({ measuredAt: msOf(world, 12), arrivalRate: 10 });
  expect(late.seen[19]![0].arrivalRate).toBe(15);
});

test('while metrics can not be read the last ones stay, and say so', () => {
  const lost = new Uint8Array(36).fill(1, 12, 24);
  const world = worldOf([...minuteOf(50), ...minuteOf(100), ...minuteOf(20)], { lost });
  const policy = watching(1);
  simulate(world, policy);
  expect(policy.seen[12]![0].missing).toBe(false);
  expect(policy.seen[20]![0]).toMatchObject({ missing: true, measuredAt: msOf(world, 12), arrivalRate: 10 });
  expect(policy.seen[25]![0]).toMatchObject({ missing: false, measuredAt: msOf(world, 25) });
});

test('a slower service makes the same messages wait', () => {
  const arrivals = [...minuteOf(190), ...minuteOf(190)];
  expect(simulate(worldOf(arrivals), watching(1)).score.slo).toBe(1);
  const slow = worldOf(arrivals, { speed: new Float32Array(24).fill(0.7) });
  expect(simulate(slow, watching(1)).score.slo).toBeLessThan(0.6);
});

test('history ends where the simulation begins, and the scores begin where they were told to', () => {
  const from = Date.UTC(2024, 0, 1, 12);
  const world = smallWorld(1, { from });
  let history = 0;
  simulate(world, {
    ...watching(20, 60),
    begin: ({ minutes, now }) => {
      history = minutes.counts.length;
      expect(now).toBe(from - 7_200_000);
    },
  });
  expect(history).toBe(600);
  expect(msOf(world, world.fromTick)).toBe(from);
  // The second half, or the last two days of a trace of less than ten.
  expect(openWorld({ trace: smallTrace(1, 1440 * 20) }).fromTick).toBe(10 * 17_280);
  expect(openWorld({ trace: smallTrace(1, 1440 * 7) }).fromTick).toBe(5 * 17_280);
});

test('a part of a tick’s messages is late when the queue crosses the promise within it', () => {
  const capacity = 40;
  expect(lateOf(100, 0, 200, capacity)).toBe(0);
  expect(lateOf(100, 0, 400, capacity)).toBe(50);
  expect(lateOf(100, 400, 0, capacity)).toBe(50);
  expect(lateOf(100, 300, 500, capacity)).toBe(100);
  expect(lateOf(0, 300, 500, capacity)).toBe(0);
  expect(lateOf(100, 0, 100, 0)).toBe(100);
});

test('percentiles of waits are right within their resolution', () => {
  const waits = new Waits();
  for (let seconds = 0; seconds <= 1000; seconds++) waits.add(seconds, 2);
  expect(waits.percentile(0.99) / 990).toBeGreaterThan(0.97);
  expect(waits.percentile(0.99) / 990).toBeLessThan(1.03);
  expect(new Waits().percentile(0.99)).toBe(0);
});

test('a period that is no multiple of a tick is a mistake', () => {
  expect(() => simulate(smallWorld(1), { ...watching(1), periodSeconds: 7 })).toThrow(
    `the simulator has ticks of ${plant.tickSeconds} s`,
  );
});
