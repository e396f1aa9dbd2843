/** Who goes first when there is too much: idle ones are stopped, busy ones only take no new work. */
export interface Candidate {
  readonly id: string;
  /** Messages and requests in its hands. */
  readonly working: number;
  /** Smaller goes first among those that work equally. */
  readonly rank: number;
}

export interface Victims {
  readonly stop: readonly string[];
  readonly drain: readonly string[];
}

/** Picks `count`: idle before busy, the least busy first. Never stops one that works. */
export function victims(candidates: readonly Candidate[], count: number): Victims {
  if (count <= 0) return { stop: [], drain: [] };
  const chosen = [...candidates]
    .sort((a, b) => a.working - b.working || a.rank - b.rank || (a.id < b.id ? -1 : 1))
    .slice(0, count);
  return {
    stop: chosen.filter(({ working }) => working === 0).map(({ id }) => id),
    drain: chosen.filter(({ working }) => working > 0).map(({ id }) => id),
  };
}
