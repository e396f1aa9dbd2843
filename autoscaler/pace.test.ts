import { instance, many, monday, service } from './fixture-signals';
import { countedOn, learnPace, newPace, type Pace } from './pace';

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

test('so is a service that gets slower under the same release: three measurements in a row are believed', () => {
  const slower = follow(follow(newPace, monday, 3600, 10), monday + 3_600_000, 180, 7);
  expect(slower.rate).toBeLessThan(7.5);
  expect(slower.rate).toBeGreaterThan(7);
});

test('a single measurement that is far off moves it little', () => {
  const before = follow(newPace, monday, 3600, 10);
  const after = learnPace(before, service(monday + 3_600_000, 200, 30, { serviceRate: 400, busy: 2 / 3 }));
  expect(after.rate).toBeLessThan(10.4);
});

test('a crowd that the last seconds show and the busy share of a minute does not yet is no faster pace', () => {
  const before = follow(newPace, monday, 3600, 10);
  const crowd = { serviceRate: 290, busy: (3 * 200 + 290) / 4 / 300 };
  const after = learnPace(before, service(monday + 3_600_000, 290, 30, crowd));
  expect(after.rate).toBeCloseTo(before.rate, 2);
});

test('at full work a pace is measured as soon as instances are settled', () => {
  const before = follow(newPace, monday, 3600, 10);
  let pace = before;
  for (let i = 0; i < 8; i++) {
    const instances = many(30 + Math.floor(i / 3), (n) => instance(`i${n}`));
    const more = { instances, serviceRate: 7 * instances.length, busy: 1 };
    pace = learnPace(pace, service(monday + 3_600_000 + i * 15_000, 300, 30, more));
  }
  expect(pace.rate).toBeLessThan(9);
});

test.each([
  ['idle instances', { busy: 0.05, serviceRate: 10 }],
  ['instances that changed in number just now', { instances: many(40, (i) => instance(`i${i}`)) }],
  ['no instances', { instances: [] }],
])('%s say nothing', (_name, more) => {
  const before = follow(newPace, monday, 600, 10);
  expect(learnPace(before, service(monday + 600_000, 200, 30, more)).rate).toBe(before.rate);
});

describe('hosts count on', () => {
  const hour = 3_600_000;

  test('the measured pace, while it wobbles no more than figures do', () => {
    const steady = follow(follow(newPace, monday, 3600, 10), monday + hour, 3600, 9.6);
    const again = follow(steady, monday + 2 * hour, 3600, 10);
    expect(countedOn(again)).toBe(again.rate);
  });

  test('the slowest of about two days, once it changed by itself', () => {
    const slow = follow(follow(newPace, monday, 3600, 10), monday + hour, 3600, 7);
    const quick = follow(slow, monday + 2 * hour, 3600, 10);
    expect(quick.rate).toBeGreaterThan(9.8);
    expect(countedOn(quick)).toBeLessThan(7.3);
    const later = follow(quick, monday + 3 * hour, 6 * 86_400, 10);
    expect(countedOn(later)).toBe(later.rate);
  });

  test('what a new release does, however slow the one before was, also when it could not be measured at once', () => {
    const slow = follow(newPace, monday, 3600, 7);
    const idle = learnPace(slow, service(monday + hour, 200, 30, { release: 'r2', busy: 0.05 }));
    const quick = follow(idle, monday + hour + 15_000, 3600, 10, 'r2');
    expect(countedOn(quick)).toBe(quick.rate);
    expect(quick.rate).toBeGreaterThan(9.5);
  });
});
