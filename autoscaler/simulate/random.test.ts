import { openRandom, poisson } from './random';

test('a seed and a name give the same numbers again, others give others', () => {
  const numbers = (seed: number, stream: string): number[] => {
    const random = openRandom(seed, stream);
    return Array.from({ length: 5 }, random);
  };
  expect(numbers(1, 'a')).toEqual(numbers(1, 'a'));
  expect(numbers(1, 'a')).not.toEqual(numbers(2, 'a'));
  expect(numbers(1, 'a')).not.toEqual(numbers(1, 'b'));
});

test('numbers are even over [0, 1)', () => {
  const random = openRandom(3, 'even');
  const bins = new Float64Array(20);
  for (let i = 0; i < 200_000; i++) bins[Math.floor(random() * 20)]! += 1;
  // χ² with 19 degrees of freedom is above 43.8 once in a thousand.
  expect(bins.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(43.8);
});

test.each([0.3, 4, 11.9, 12, 40, 700, 10_000])('Poisson counts of mean %d have that mean and that variance', (mean) => {
  const random = openRandom(5, `poisson ${mean}`);
  const counts = Array.from({ length: 40_000 }, () => poisson(mean, random));
  const average = counts.reduce((a, b) => a + b, 0) / counts.length;
  const variance = counts.reduce((sum, count) => sum + (count - average) ** 2, 0) / counts.length;
  expect(Math.abs(average - mean)).toBeLessThan(4 * Math.sqrt(mean / counts.length));
  expect(variance / mean).toBeGreaterThan(0.96);
  expect(variance / mean).toBeLessThan(1.04);
});

test('nothing comes where nothing is expected', () => {
  expect(poisson(0, openRandom(1, 'x'))).toBe(0);
  expect(poisson(-1, openRandom(1, 'x'))).toBe(0);
});
