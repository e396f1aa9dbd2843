const SHORTEST_MS = 50;
const LONGEST_MS = 5_000;

/**
 * Milliseconds before the next attempt: doubling up to 5 s, and somewhere between half and all of that, so that many
 * programs do not come back in the same instant.
 */
export function reconnectPause(failures: number, random: () => number = Math.random): number {
  const longest = Math.min(LONGEST_MS, SHORTEST_MS * 2 ** Math.min(failures, 10));
  return Math.round(longest * (0.5 + random() / 2));
}
