import { setImmediate as turn } from 'node:timers/promises';
import { openTurns } from './turns';

test('four work at once, the others wait their turn in order', async () => {
  const turns = openTurns();
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  for (let i = 0; i < 6; i += 1)
    turns.take(() => {
      begun.push(i);
      return new Promise((resolve) => ends.push(resolve));
    });
  for (let i = 0; i < 10; i += 1) await turn();
  expect(begun).toEqual([0, 1, 2, 3]);
  ends[1]?.();
  for (let i = 0; i < 10; i += 1) await turn();
  expect(begun).toEqual([0, 1, 2, 3, 4]);
  for (const end of ends) end();
  for (let i = 0; i < 10; i += 1) await turn();
  expect(begun).toEqual([0, 1, 2, 3, 4, 5]);
  for (const end of ends) end();
});

test('one that takes long gives up its turn, not its work', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate'] });
  const turns = openTurns();
  let begun = 0;
  for (let i = 0; i < 5; i += 1)
    turns.take(() => {
      begun += 1;
      return new Promise(() => undefined);
    });
  for (let i = 0; i < 10; i += 1) await turn();
  expect(begun).toBe(4);
  jest.advanceTimersByTime(1_000);
  for (let i = 0; i < 10; i += 1) await turn();
  expect(begun).toBe(5);
  jest.useRealTimers();
});

test('too many are refused', () => {
  const turns = openTurns();
  const taken = Array.from({ length: 2_001 }, () => turns.take(async () => undefined));
  expect(taken.filter(Boolean)).toHaveLength(2_000);
});
