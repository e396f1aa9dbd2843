import { errorAt } from './errors';
import { newFit } from './fit';
import { numbers } from './fixture-signals';
import { learnLoad, newMemory, outlook } from './forecast';
import type { LoadMemory } from './memory';
import { errorNow, noteError, tamenessOf } from './tame';

const HOUR = 60;
const DAY = 24 * HOUR;

/** A load that wobbles a little each minute, times `level`. */
function learner(seed: number) {
  const random = numbers(seed);
  const memory = newMemory();
  let minute = 0;
  const learn = (minutes: number, level: (minute: number) => number, each?: (memory: LoadMemory) => void): void => {
    for (let i = 0; i < minutes; i++, minute++) {
      learnLoad(memory, minute, 400 * level(minute) * Math.exp(0.1 * (random() + random() - 1)));
      each?.(memory);
    }
  };
  return { memory, learn };
}

/** Another level each hour, at random: 0.3 to 3 times. */
function jumps(seed: number): (minute: number) => number {
  const random = numbers(seed);
  const levels = Array.from({ length: 2400 }, () => Math.exp(2.3 * (random() - 0.5)));
  return (minute) => levels[Math.floor(minute / HOUR)]!;
}

const steady = (): number => 1;
const doubt = (memory: LoadMemory): number => {
  const { load, atLeast } = outlook(memory, 11)!;
  return atLeast(0.99) / load;
};

test('a load that jumped each hour for a week and is steady now is believed to be steady within half a day', () => {
  const { memory, learn } = learner(1);
  learn(7 * DAY, jumps(2));
  const before = doubt(memory);
  expect(outlook(memory, 11)!.tamer).toBe(0);
  learn(10 * HOUR, steady);
  expect(outlook(memory, 11)!.tamer).toBe(1);
  expect(doubt(memory) - 1).toBeLessThan(0.35 * (before - 1));
});

test('hours between crowds that come once a day do not count as tamer times', () => {
  const { learn } = learner(3);
  const crowd = (minute: number): number => (minute % DAY >= 700 && minute % DAY < 740 ? 3 : 1);
  learn(6 * DAY, crowd);
  let tame = 0;
  learn(3 * DAY, crowd, (memory) => {
    if (outlook(memory, 11)!.tamer > 0) tame += 1;
  });
  expect(tame).toBeLessThan(0.05 * 3 * DAY);
});

test('nothing counts as tamer than usual before two days are known', () => {
  const fit = newFit();
  for (let minute = 0; minute < 2000; minute++) noteError(fit, 0, 0, 2 * DAY - 1);
  expect(tamenessOf(fit, 0).tamer).toBe(0);
  for (let minute = 0; minute < 2000; minute++) noteError(fit, 0, 0, 2 * DAY);
  expect(tamenessOf(fit, 0).tamer).toBe(1);
});

test('tamer times make no error larger, and leave alone what nineteen in twenty stay below', () => {
  const fit = newFit();
  for (let minute = 0; minute < 2000; minute++) noteError(fit, 0.4, 0.4, 2 * DAY);
  const tameness = tamenessOf(fit, 0.4);
  expect(tameness.tamer).toBeGreaterThan(0);
  let before = Number.NEGATIVE_INFINITY;
  for (const sure of [0.5, 0.9, 0.95]) expect(errorNow(fit, tameness, 0.4, sure)).toBe(errorAt(fit.errors, 0.4, sure));
  for (const sure of [0.96, 0.99, 0.999]) {
    const now = errorNow(fit, tameness, 0.4, sure);
    expect(now).toBeLessThanOrEqual(errorAt(fit.errors, 0.4, sure));
    expect(now).toBeGreaterThan(before);
    before = now;
  }
});
