import { recoverySeconds, scenarios } from './scenarios';

const HOUR = 720;
const flat = (): Float64Array => new Float64Array(48 * HOUR).fill(100);
const from = 24 * HOUR;

test('a shuffled history has the same hours in another order, and nothing else changes', () => {
  const rate = Float64Array.from({ length: 48 * HOUR }, (_, tick) => tick);
  scenarios['shuffled-history']!(rate, from, 1);
  const history = rate.slice(0, 22 * HOUR);
  expect(history).not.toEqual(Float64Array.from({ length: 22 * HOUR }, (_, tick) => tick));
  expect([...history].sort((a, b) => a - b)).toEqual(Array.from({ length: 22 * HOUR }, (_, tick) => tick));
  expect(rate.slice(22 * HOUR).every((value, i) => value === 22 * HOUR + i)).toBe(true);
});

test('a missing day is one without counts before the scores', () => {
  const rate = flat();
  scenarios['missing-day']!(rate, from + 12 * HOUR, 1);
  expect(rate.filter((value) => value === 0).length).toBe(24 * HOUR);
  expect(rate[10 * HOUR - 1]).toBe(100);
  expect(rate[34 * HOUR]).toBe(100);
});

test('a flash crowd is five times the load within three minutes', () => {
  const rate = flat();
  const event = scenarios['flash-crowd']!(rate, from, 1)!;
  expect(event).toBeGreaterThan(from);
  expect(rate[event - 1]).toBe(100);
  expect(rate[event + 36]).toBe(500);
  expect(rate[event + 33 * 12]).toBeCloseTo(500, 6);
  expect(rate[event + 53 * 12]).toBeCloseTo(300, 6);
});

test('a retry storm brings back what the outage held back', () => {
  const rate = flat();
  const storm = scenarios['retry-storm']!(rate, from, 1)!;
  expect(rate[storm - 1]).toBeCloseTo(5, 9);
  expect(rate[storm]).toBeCloseTo(100 + 190, 9);
  expect(rate.reduce((a, b) => a + b, 0)).toBeCloseTo(100 * rate.length, 3);
});

test('the promise is back after the last minute with more than one in a hundred late', () => {
  const arrived = new Float64Array(600).fill(100);
  const late = new Float64Array(600);
  late.set([50, 2, 0, 30, 1], 10);
  expect(recoverySeconds({ arrived, late }, 10)).toBe(240);
  expect(recoverySeconds({ arrived, late }, 100)).toBe(0);
});
