const FIRST_MS = 100;
const LONGEST_MS = 30_000;

/** Milliseconds a message pauses after its `attempt`-th delivery failed: doubling from 0.1 s up to 30 s. */
export function pauseAfter(attempt: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 20));
}
