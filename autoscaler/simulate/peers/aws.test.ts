import type { Observation } from '../policy';
import { awsPredictive, awsTarget, proportional } from './aws';
import { seen, start } from './fixture-observation';
import { hourlyForecast } from './predictive';

// docs.aws.amazon.com, target tracking: capacity in proportion to the metric; "rounds up" to add, "rounds down" to remove.
test.each([
  ['80 % at a target of 50 % on 10 hosts: 16', [0.8, 0.5, 10, 10], 16],
  ['1.5 hosts more are 2', [0.575, 0.5, 10, 10], 12],
  ['1.5 hosts less are 1', [0.425, 0.5, 10, 10], 9],
  ['hosts that warm up count as capacity', [0.8, 0.5, 10, 18], 18],
  ['nothing goes while hosts warm up', [0.1, 0.5, 10, 11], 11],
] as const)('%s', (_what, [metric, target, inService, capacity], expected) => {
  expect(proportional(metric, target, inService, capacity)).toBe(expected);
});

const busy = (share: number, more: Partial<Observation> = {}): Observation =>
  seen({ busy: share, hosts: { ready: 10 }, ...more });

test('out after three minutes above the target, in after fifteen below nine tenths of it', () => {
  const policy = awsTarget(0.5);
  const hosts = (share: number): number => policy.decide(busy(share), 0).hosts;
  expect([0.8, 0.8, 0.8].map(hosts)).toEqual([10, 10, 16]);
  const quiet = awsTarget(0.5);
  const wishes = Array.from({ length: 15 }, () => quiet.decide(busy(0.3), 0).hosts);
  expect(wishes).toEqual([...Array(14).fill(10), 6]);
  const within = awsTarget(0.5);
  expect(Array.from({ length: 20 }, () => within.decide(busy(0.46), 0).hosts)).toEqual(Array(20).fill(10));
});

test('missing data is no reason to act, and begins the count anew', () => {
  const policy = awsTarget(0.5);
  policy.decide(busy(0.8), 0);
  policy.decide(busy(0.8), 0);
  expect(policy.decide(busy(0.8, { missing: true }), 0).hosts).toBe(10);
  expect(policy.decide(busy(0.8), 0).hosts).toBe(10);
});

// docs.aws.amazon.com, predictive scaling: at least 24 hours of data, up to 14 days, an hourly forecast.
test('an hourly forecast of the season of the day, and of the week from two weeks on', () => {
  const counts = Array.from({ length: 15 * 1440 }, (_, minute) => {
    const day = Math.floor(minute / 1440) % 7;
    return 60 * (Math.floor(minute / 60) % 24) * (day === 2 ? 0 : 1);
  });
  const minutes = (days: number): { startMs: number; counts: Float64Array } => ({
    startMs: 0,
    counts: Float64Array.from(counts.slice(0, days * 1440)),
  });
  const day = 86_400_000;
  expect(hourlyForecast(minutes(0.9), 0.9 * day)(day)).toBeUndefined();
  expect(hourlyForecast(minutes(2), 2 * day)(2 * day + 9.5 * 3_600_000)).toBeCloseTo(9, 6);
  expect(hourlyForecast(minutes(15), 15 * day)(16 * day + 9.5 * 3_600_000)).toBeCloseTo(0, 6);
  expect(hourlyForecast(minutes(15), 15 * day)(17 * day + 9.5 * 3_600_000)).toBeCloseTo(9, 6);
});

test('a forecast is the least capacity, a buffer ahead of its hour', () => {
  const counts = Array.from({ length: 2 * 1440 }, (_, minute) => (Math.floor(minute / 60) % 24 === 9 ? 60 * 400 : 600));
  const given = start(counts);
  const policy = awsPredictive(0.5);
  policy.begin?.(given);
  const at = (hour: number): number =>
    policy.decide(seen({ minutes: given.minutes, hosts: { ready: 2 } }), given.now + hour * 3_600_000).hosts;
  expect(at(8.8)).toBe(2);
  expect(at(8.9)).toBe(20);
  expect(at(9.9)).toBe(20);
});
