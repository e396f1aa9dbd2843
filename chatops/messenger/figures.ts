/** How webhook calls went since the start, for each environment. */
export interface DeliveryFigures {
  called(environment: string, ms: number, ok: boolean): void;
  abandoned(environment: string): void;
  of(environment: string): {
    calls: number;
    failed: number;
    abandoned: number;
    p50Ms: number;
    p99Ms: number;
    maxMs: number;
  };
}

const KEPT = 10_000;

export function createFigures(): DeliveryFigures {
  const kept = new Map<string, { calls: number; failed: number; abandoned: number; durations: number[] }>();
  const entry = (environment: string) => {
    const known = kept.get(environment) ?? { calls: 0, failed: 0, abandoned: 0, durations: [] };
    kept.set(environment, known);
    return known;
  };
  return {
    called: (environment, ms, ok) => {
      const figures = entry(environment);
      figures.durations[figures.calls % KEPT] = ms;
      figures.calls += 1;
      if (!ok) figures.failed += 1;
    },
    abandoned: (environment) => {
      entry(environment).abandoned += 1;
    },
    of: (environment) => {
      const { calls, failed, abandoned, durations } = entry(environment);
      const sorted = durations.toSorted((a, b) => a - b);
      const at = (share: number) =>
        Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 10) / 10;
      return { calls, failed, abandoned, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
    },
  };
}
