import fc from 'fast-check';
import { demandOf } from './demand';
import { smallWorld } from './fixture-worlds';
import { optimum } from './optimum';
import { policies } from './policies';
import { simulate } from './simulate';
import { costed, strictPlan } from './strict';
import type { World } from './world';

/** Minutes of a world, so many of them. */
const short = (seed: number, minutes: number, boot = 600): World => {
  const world = smallWorld(seed, { boot, from: Date.UTC(2024, 0, 1, 3) });
  return { ...world, ticks: world.fromTick + 12 * minutes };
};

test('the optimum keeps the promise, its bound lies near, and one without late messages is dearer', () => {
  for (const seed of [1, 2]) {
    const best = optimum(short(seed, 240));
    expect(best.slo).toBeGreaterThanOrEqual(0.99);
    expect(best.gap).toBeLessThan(0.01);
    expect(best.bound).toBeLessThan(best.nodeHours * 1.005);
    expect(best.strictNodeHours).toBeGreaterThanOrEqual(best.nodeHours);
    expect(best.strictNodeHours).toBeLessThan(best.nodeHours * 1.1);
  }
});

test('no policy that keeps the promise is cheaper than the bound', () => {
  const world = short(3, 240);
  const best = optimum(world);
  const kept = Object.values(policies)
    .map((make) => simulate(world, make()))
    .filter(({ score }) => score.slo >= 0.99);
  expect(kept.length).toBeGreaterThan(2);
  for (const { score } of kept) expect(score.nodeHours).toBeGreaterThan(best.bound);
});

test('the cost and the late messages of a plan are those of playing it', () => {
  const demand = demandOf(short(5, 120));
  const best = optimum(short(5, 120));
  const played = costed(demand, best.hosts, 10);
  expect(played.cost / 60).toBeCloseTo(best.nodeHours, 6);
  expect(1 - played.late / demand.totalMessages).toBeCloseTo(best.slo, 9);
});

test('a fleet without late messages bridges gaps up to a boot and no longer', () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.integer({ min: 0, max: 30 }), (seed, bootMinutes) => {
      const demand = demandOf(short(seed, 120));
      const plan = strictPlan(demand, bootMinutes);
      const needs = strictPlan(demand, 0);
      expect(plan.late).toBe(0);
      expect(costOf([...plan.hosts], bootMinutes)).toBe(leastCost([...needs.hosts], bootMinutes));
    }),
    { numRuns: 10 },
  );
});

test('boots that cost nothing make every launch free', () => {
  const best = optimum(short(6, 120, 0));
  expect(best.nodeHours).toBeLessThan(optimum(short(6, 120)).nodeHours);
});

/** Host-minutes and boots. */
function costOf(hosts: number[], bootMinutes: number): number {
  return hosts.reduce((sum, now, i) => sum + now + (i === 0 ? 0 : bootMinutes * Math.max(0, now - hosts[i - 1]!)), 0);
}

/** By trying every number of hosts in every minute: the least cost that covers the needs. */
function leastCost(needs: number[], bootMinutes: number): number {
  const most = Math.max(...needs);
  let costs = Array.from({ length: most + 1 }, (_, hosts) => (hosts >= needs[0]! ? hosts : Number.POSITIVE_INFINITY));
  for (const need of needs.slice(1))
    costs = costs.map((_, hosts) =>
      hosts < need
        ? Number.POSITIVE_INFINITY
        : hosts + Math.min(...costs.map((cost, n) => cost + bootMinutes * Math.max(0, hosts - n))),
    );
  return Math.min(...costs);
}
