import { age, duration, either } from './time';

test.each([
  [0, '0.0 s'],
  [812, '0.8 s'],
  [9_960, '10 s'],
  [59_400, '59 s'],
  [69_000, '1 min 9 s'],
  [120_000, '2 min'],
  [11_100_000, '3 h 5 min'],
  [90_000_000, '1 day'],
  [200_000_000, '2 days'],
])('%d ms is %s', (ms, expected) => {
  expect(duration(ms)).toBe(expected);
});

test('an age is told in one unit', () => {
  const now = new Date('2026-03-02T10:00:00Z');
  const ago = (seconds: number) => age(new Date(now.getTime() - seconds * 1000), now);
  expect([2, 40, 38 * 60, 5 * 3600, 86_400, 3 * 86_400].map(ago)).toEqual([
    'now',
    '40 s',
    '38 min',
    '5 h',
    '1 day',
    '3 days',
  ]);
});

test('choices are joined as people say them', () => {
  expect(either(['dev', 'stage', 'prod'])).toBe('dev, stage or prod');
  expect(either(['dev'])).toBe('dev');
});
