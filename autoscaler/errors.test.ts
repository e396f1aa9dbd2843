import { countError, errorAt, newErrors, shareAbove } from './errors';

test('how many errors are larger is the other way round to how large the largest are', () => {
  const errors = newErrors();
  for (let i = 0; i < 2000; i++) countError(errors, i % 2, ((i * 37) % 100) / 20 - 2, 0.002);
  for (const wild of [0, 0.3, 1])
    for (const sure of [0.02, 0.4, 0.8, 0.95, 0.997])
      expect(shareAbove(errors, wild, errorAt(errors, wild, sure))).toBeCloseTo(1 - sure, 9);
});

test('beyond what is counted all or none are larger', () => {
  const errors = newErrors();
  expect(shareAbove(errors, 0.5, 10)).toBe(0);
  expect(shareAbove(errors, 0.5, 1000)).toBe(0);
  expect(shareAbove(errors, 0.5, -1000)).toBeCloseTo(1, 9);
});
