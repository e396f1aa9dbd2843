/** Pause before try `count` + 1 (count ≥ 1): 0.5 s, doubled each time up to 60 s, half of it by chance. `chance` is 0…1. */
export function backoff(count: number, chance: number): number {
  const full = Math.min(60_000, 500 * 2 ** Math.min(count - 1, 10));
  return full / 2 + (full / 2) * chance;
}
