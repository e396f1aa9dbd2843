import { createHash } from 'node:crypto';

/** Numbers in [0, 1) that depend on the seed alone, so a message handled again gets the same reply. */
export type Random = () => number;

export function seededRandom(seed: string): Random {
  let state = createHash('sha256').update(seed).digest().readUInt32LE(0);
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of a list that is not empty. */
export function pick<T>(list: readonly T[], random: Random): T {
  return list[Math.floor(random() * list.length)]!;
}

/** One of a list that is not empty, as often as its weight says. */
export function pickWeighted<T>(list: readonly T[], weight: (value: T) => number, random: Random): T {
  let left = random() * list.reduce((sum, value) => sum + weight(value), 0);
  for (const value of list) {
    left -= weight(value);
    if (left < 0) return value;
  }
  return list.at(-1)!;
}

export function shuffled<T>(list: readonly T[], random: Random): T[] {
  return list
    .map((value) => ({ value, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ value }) => value);
}
