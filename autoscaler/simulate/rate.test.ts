import { expectedRate, percentile } from './rate';
import type { Trace } from './trace';

const trace = (stepSeconds: number, counts: number[]): Trace => ({
  name: 'x',
  startMs: 0,
  stepSeconds,
  counts: Float64Array.from(counts),
});

test('the 99.5th percentile of a trace is 0.8 of 20 hosts, whatever it counts', () => {
  const wave = Array.from({ length: 1440 }, (_, i) => 10_000 + 9000 * Math.sin(i / 200));
  const rate = expectedRate(trace(60, wave));
  expect(percentile(rate, 0.995)).toBeCloseTo(0.8 * 20 * 40, 0);
  const scaled = expectedRate(
    trace(
      60,
      wave.map((count) => count * 7),
    ),
  );
  const apart = scaled.map((value, tick) => Math.abs(value - rate[tick]!));
  expect(Math.max(...apart)).toBeLessThan(1e-9);
});

test('steps are joined by straight lines between their middles', () => {
  const rate = expectedRate(trace(20, [1000, 2000, 1000]));
  const unit = rate[2]! / 1125;
  // Middles at 10, 30 and 50 s; ticks at 2.5, 7.5, …
  const expected = [1000, 1000, 1125, 1375, 1625, 1875, 1875, 1625, 1375, 1125, 1000, 1000];
  expect([...rate].map((value) => Math.round(value / unit))).toEqual(expected);
});

test('few counts are smoothed over their neighbours until 200 are together, many are left alone', () => {
  const few = expectedRate(trace(60, [...Array(50).fill(10), ...Array(50).fill(30)]));
  const steep = Math.max(...few.slice(1, 1199).map((value, i) => Math.abs(value - few[i]!))) / Math.max(...few);
  const many = expectedRate(trace(60, [...Array(50).fill(1000), ...Array(50).fill(3000)]));
  const step = Math.max(...many.slice(1, 1199).map((value, i) => Math.abs(value - many[i]!))) / Math.max(...many);
  expect(step).toBeCloseTo(2 / 3 / 12, 6);
  expect(steep).toBeLessThan(step / 3);
});

test('seconds are put together into ticks, none left out', () => {
  const counts = Array.from({ length: 600 }, (_, i) => (i % 5 === 0 ? 5000 : 0));
  expect(new Set(expectedRate(trace(1, counts))).size).toBe(1);
});

test('what no fleet of 64 hosts could carry is cut off', () => {
  const counts = [...Array(1000).fill(1000), 100_000, ...Array(10).fill(1000)];
  expect(Math.max(...expectedRate(trace(60, counts)))).toBe(0.8 * 64 * 40);
});
