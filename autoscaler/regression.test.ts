import { numbers } from './fixture-signals';
import { copyOfRegression, foretold, newRegression, regress } from './regression';

const belief = { variance: 1, furthest: 100, trace: 1000 };

test('it finds the line behind noise, and as surely as least squares does', () => {
  const random = numbers(1);
  const line = newRegression([0, 0, 0], 100);
  const rows: number[][] = [];
  for (let i = 0; i < 400; i++) {
    const [a, b] = [random() * 2 - 1, random() * 2 - 1];
    regress(line, [1, a, b], 3 + 2 * a - b + 0.1 * (random() - 0.5), belief);
    rows.push([1, a, b]);
  }
  [3, 2, -1].forEach((weight, i) => {
    expect(line.weights[i]).toBeCloseTo(weight, 1);
  });
  expect(foretold(line, [1, 0.5, 0.5])).toBeCloseTo(3.5, 1);
  // The variance of the mean of so many: about one over their number, as old ones are nearly forgotten at none.
  expect(line.covariance).toHaveLength(6);
  expect(line.covariance[0]).toBeGreaterThan(1 / 400);
  expect(line.covariance[0]).toBeLessThan(1.2 / 400);
});

test('an outlier bends the weights no further than allowed', () => {
  const [mild, wild] = [1, 1000].map((value) => {
    const level = newRegression([0], 1);
    regress(level, [1], value, { ...belief, furthest: 1 });
    return level.weights[0]!;
  });
  expect(mild).toBeCloseTo(0.5, 2);
  expect(wild).toBe(mild);
});

test('what nothing tells of for long does not become uncertain without bound', () => {
  const line = newRegression([0, 0], 1);
  for (let i = 0; i < 60_000; i++) regress(line, [1, 0], 1, { ...belief, trace: 5 });
  expect(line.covariance[2]).toBeLessThan(5.01);
  expect(line.weights).toEqual([expect.closeTo(1, 3), 0]);
});

test('a copy is a copy of all of it', () => {
  const line = newRegression([1, 2], 1);
  const copy = copyOfRegression(line);
  expect(copy).toEqual(line);
  regress(copy, [1, 1], 9, belief);
  expect(line).toEqual(newRegression([1, 2], 1));
});
