import { bootTimes, Fleet } from './fleet';
import { openRandom } from './random';

const wish = (hosts: number, instances = hosts * 4, more: object = {}): Parameters<Fleet['follow']>[0] => ({
  hosts,
  instances,
  reason: 'test',
  ...more,
});
const fleet = (hosts: number): Fleet => new Fleet(hosts, () => 120);

test('a host takes its boot time, and its workers ten seconds more', () => {
  const f = fleet(1);
  f.follow(wish(2), 0);
  expect([f.hosts, f.ready, f.workers, f.launches]).toEqual([2, 1, 4, 1]);
  f.advance(119);
  expect(f.ready).toBe(1);
  f.advance(120);
  expect([f.ready, f.workersReady, f.startingWorkers]).toEqual([2, 4, 4]);
  f.advance(121);
  expect(f.workersReady).toBe(4);
  f.advance(122);
  expect(f.workersReady).toBe(8);
});

test('workers are no more than their hosts have room for', () => {
  const f = fleet(2);
  f.follow(wish(2, 100), 0);
  f.advance(2);
  expect([f.workersReady, f.wanted]).toEqual([8, 100]);
});

test('what still boots is removed before what is ready, unless told otherwise', () => {
  const f = fleet(3);
  f.follow(wish(5), 0);
  f.follow(wish(4), 1);
  expect([f.ready, f.hosts]).toEqual([3, 4]);
  f.follow(wish(3, 12, { removeFirst: 'ready' }), 2);
  expect([f.ready, f.hosts, f.workersReady]).toEqual([2, 3, 8]);
  f.follow(wish(1), 3);
  expect([f.ready, f.hosts, f.workersReady]).toEqual([1, 1, 4]);
});

test('workers that start are stopped before workers that work', () => {
  const f = fleet(3);
  f.follow(wish(3, 4), 0);
  expect(f.workersReady).toBe(4);
  f.follow(wish(3, 10), 1);
  f.follow(wish(3, 5), 2);
  expect([f.workersReady, f.startingWorkers]).toEqual([4, 1]);
  f.advance(3);
  expect(f.workersReady).toBe(5);
});

test('wishes are held within the bounds, and nonsense is an error', () => {
  const f = fleet(1);
  f.follow(wish(1000), 0);
  expect(f.hosts).toBe(64);
  f.follow(wish(-5, -5), 1);
  expect([f.hosts, f.workers]).toEqual([1, 1]);
  expect(() => f.follow(wish(Number.NaN), 2)).toThrow('wished for NaN hosts');
});

test('a host that never comes up boots until it is given up', () => {
  const f = new Fleet(
    1,
    bootTimes({ bootSeconds: 600, mishaps: { bootJitter: 1, launchFailure: 0.999999 } }, openRandom(1, 'x')),
  );
  f.follow(wish(2), 0);
  f.advance(100_000);
  expect([f.ready, f.hosts]).toEqual([1, 2]);
  expect(f.launchedTicks()).toEqual([0]);
  f.follow(wish(2, 8, { giveUp: 1 }), 100_000);
  expect(f.launchedTicks()).toEqual([100_000]);
});

test('boots vary between a part and a multiple of their time', () => {
  const boot = bootTimes({ bootSeconds: 600, mishaps: { bootJitter: 2, launchFailure: 0 } }, openRandom(1, 'x'));
  const seconds = Array.from({ length: 1000 }, () => boot() * 5);
  expect(Math.min(...seconds)).toBeGreaterThanOrEqual(300);
  expect(Math.min(...seconds)).toBeLessThan(320);
  expect(Math.max(...seconds)).toBeLessThanOrEqual(1200);
  expect(Math.max(...seconds)).toBeGreaterThan(1180);
});
