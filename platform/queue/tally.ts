import type { Pool } from '../database/postgres';
import { outsideTrace } from '../tracing';
import { keepTally } from './statements';

/** Counts what this process publishes and settles, for the rates that `depth` tells. */
export interface Tally {
  arrived(queue: string, count: number): void;
  settled(queue: string, count: number): void;
  /** Stores what it has counted, if the server takes it at once. */
  stop(): Promise<void>;
}

/** As old as that a count may be before others see it. */
const EVERY_MS = 2_000;

export function startTally(pool: Pool): Tally {
  let counts = new Map<string, { arrived: number; settled: number }>();
  let timer: NodeJS.Timeout | undefined;

  const of = (queue: string): { arrived: number; settled: number } => {
    timer ??= setTimeout(() => void outsideTrace(keep), EVERY_MS).unref();
    const known = counts.get(queue) ?? { arrived: 0, settled: 0 };
    counts.set(queue, known);
    return known;
  };
  const keep = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    if (counts.size === 0) return;
    const columns = [
      [...counts.keys()],
      ...(['arrived', 'settled'] as const).map((name) => [...counts.values()].map((count) => count[name])),
    ];
    counts = new Map();
    await pool.query({ name: 'queue.tally', text: keepTally, values: columns }).catch(() => undefined); // lost: rates are too low for ten seconds
  };
  return {
    arrived: (queue, count) => {
      if (count > 0) of(queue).arrived += count;
    },
    settled: (queue, count) => {
      if (count > 0) of(queue).settled += count;
    },
    stop: keep,
  };
}
