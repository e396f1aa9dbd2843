import { certaintyFor } from './certainty';
import { numbers } from './fixture-signals';
import type { Replay } from './memory';
import { LONGEST_KEEP, newReplay, TELLTALE, WAYS } from './replay';

/** A replay in which surer ways cost more and are late less, as `late` and `cost` say for how sure a way is. */
function replayOf(
  late: (sure: number, keep: number) => number,
  cost: (sure: number, keep: number) => number,
  real = { realShare: 0, realBlocks: 0 },
): Replay {
  const replay = newReplay();
  const fleets = replay.fleets.map((fleet, i) => {
    const { sure, keep } = WAYS[i]!;
    return { ...fleet, lateShare: late(sure, keep), meanCost: cost(sure, keep) };
  });
  return { ...replay, blocks: 28, fleets, ...real };
}

const late = (sure: number): number => 0.6 * (1 - sure);
/** A tenth more hosts for the surest way, and patience costs a little. */
const cost = (sure: number, keep: number): number => 1000 * (1 - 0.02 * Math.log(1 - sure) + 0.001 * keep);
const budget = 0.01;

test('of the ways that keep the promise the cheapest is taken, and no surer than the budget asks', () => {
  const found = certaintyFor(replayOf(late, cost), 0.99);
  expect(found.late).toBeCloseTo(0.4 * budget, 9);
  expect(late(found.sure)).toBeCloseTo(found.late, 3);
  expect(found).toMatchObject({ keep: 1, short: false, hours: 168 });
});

test('patience is chosen where it is cheaper', () => {
  const patient = replayOf(late, (sure, keep) => cost(sure, 0) - 50 * keep);
  expect(certaintyFor(patient, 0.99).keep).toBe(LONGEST_KEEP);
});

test('a stricter promise is kept by being surer', () => {
  const replay = replayOf(late, cost);
  expect(certaintyFor(replay, 0.999).sure).toBeGreaterThan(certaintyFor(replay, 0.99).sure);
  expect(certaintyFor(replay, 0.99).sure).toBeGreaterThan(certaintyFor(replay, 0.9).sure);
});

describe('the ledger of the promise', () => {
  const sureAfter = (realShare: number, realBlocks = 56): number =>
    certaintyFor(replayOf(late, cost, { realShare, realBlocks }), 0.99).sure;

  test('makes it surer when the budget is overspent, and less sure when it is not spent', () => {
    const even = sureAfter(budget);
    expect(sureAfter(1.5 * budget)).toBeGreaterThan(even);
    expect(sureAfter(0.5 * budget)).toBeLessThan(even);
  });

  test('says little after an hour, and more with each day', () => {
    const [hour, day, week] = [0, 4, 28].map((blocks) => sureAfter(0.8 * budget, blocks));
    expect(hour).toBe(certaintyFor(replayOf(late, cost), 0.99).sure);
    expect(day).toBeLessThan(hour!);
    expect(week).toBeLessThan(day!);
  });

  test('has its limits: the replay may spend at most four fifths of the budget, and is never asked for perfection', () => {
    const replay = (realShare: number): Replay => replayOf(late, cost, { realShare, realBlocks: 56 });
    expect(certaintyFor(replay(0), 0.99).late).toBeCloseTo(0.8 * budget, 9);
    const spent = certaintyFor(replay(1), 0.99);
    expect(spent.late).toBeGreaterThan(0);
    expect(spent.late).toBeLessThan(0.1 * budget);
  });
});

describe('the replay is believed', () => {
  const week = { realShare: 0.005, realBlocks: 28 };
  const calm = [0, 0, 0, 0];

  test('less in times that are calmer than usual, unless the budget is nearly spent', () => {
    const usual = replayOf(late, cost, week);
    const often = usual.fleets[TELLTALE]!.lateShare;
    const found = certaintyFor({ ...usual, lately: calm }, 0.99);
    expect(found.credit).toBeCloseTo(Math.sqrt(budget / (often + budget)), 9);
    expect(found.sure).toBeLessThan(certaintyFor(usual, 0.99).sure);
    expect(certaintyFor({ ...usual, lately: [0, 0, often, 0] }, 0.99).credit).toBe(1);
    expect(certaintyFor({ ...usual, lately: calm, realShare: 0.0095 }, 0.99).credit).toBe(1);
    expect(certaintyFor({ ...usual, lately: calm, blocks: 5 }, 0.99).credit).toBe(1);
  });
});

test('a promise out of reach is pursued up to a price', () => {
  const hopeless = replayOf(
    (sure) => 0.05 + 0.1 * (1 - sure),
    (sure) => 1000 / (1 - sure),
  );
  const found = certaintyFor(hopeless, 0.99);
  expect(found.short).toBe(true);
  expect(found.late).toBeGreaterThan(0.05);
  const cheap = replayOf(
    (sure) => 0.05 + 0.1 * (1 - sure),
    () => 1000,
  );
  expect(certaintyFor(cheap, 0.99).sure).toBe(WAYS.at(-1)!.sure);
});

test('before anything was played it is sure enough for the promise', () => {
  const found = certaintyFor(newReplay(), 0.99);
  expect(found.hours).toBe(0);
  expect(found.sure).toBeGreaterThan(0.95);
  expect(found.sure).toBeLessThan(0.999);
});

test('whatever the replay says, the certainty lies within the ways, and the same replay gives the same', () => {
  const random = numbers(3);
  for (let i = 0; i < 500; i++) {
    const real = { realShare: 0.03 * random(), realBlocks: Math.floor(57 * random()) };
    const replay = replayOf(
      () => 0.05 * random() ** 3,
      () => 1000 * random(),
      real,
    );
    const found = certaintyFor(replay, 0.9 + 0.0999 * random());
    expect(found.sure).toBeGreaterThanOrEqual(WAYS[0]!.sure);
    expect(found.sure).toBeLessThanOrEqual(WAYS.at(-1)!.sure);
    expect(found.late).toBeGreaterThanOrEqual(0);
    expect(certaintyFor(replay, 0.99)).toEqual(certaintyFor(structuredClone(replay), 0.99));
  }
});
