import { instance, many, monday, service } from './fixture-signals';
import { learnPace, newPace, type Pace } from './pace';

const follow = (pace: Pace, from: number, seconds: number, rate: number, release = 'r1'): Pace => {
  let next = pace;
  for (let at = from; at < from + seconds * 1000; at += 15_000)
    next = learnPace(next, service(at, 200, 30, { serviceRate: 200, busy: 200 / (30 * rate), release }));
  return next;
};

test('the pace of an instance is measured, not configured', () => {
  expect(follow(newPace, monday, 120, 10).rate).toBeCloseTo(10, 5);
});

test('a release that is slower by 30 % is followed within five minutes', () => {
  const before = follow(newPace, monday, 3600, 10);
  const after = follow(before, monday + 3_600_000, 300, 7, 'r2');
  expect(after).toMatchObject({ release: 'r2' });
  expect(after.rate).toBeLessThan(7.5);
});

test('so is a service that gets slower under the same release, within half an hour', () => {
  expect(follow(follow(newPace, monday, 3600, 10), monday + 3_600_000, 1800, 7).rate).toBeLessThan(7.2);
});

test.each([
  ['idle instances', { busy: 0.05, serviceRate: 10 }],
  ['instances that changed in number just now', { instances: many(40, (i) => instance(`i${i}`)) }],
  ['no instances', { instances: [] }],
])('%s say nothing', (_name, more) => {
  const before = follow(newPace, monday, 600, 10);
  expect(learnPace(before, service(monday + 600_000, 200, 30, more)).rate).toBe(before.rate);
});
