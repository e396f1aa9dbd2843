import type { Pool } from './postgres';

export interface DatabaseWatch {
  /** For `addHealthCheck`: a sentence while the database has not answered for several seconds. */
  readonly problem: () => string | undefined;
  stop(): void;
}

const EVERY_MS = 5_000;
/** A restart of the server is shorter than that and makes nobody unhealthy. */
const PATIENCE_MS = 12_000;

/** Asks the database every 5 s; costs one statement each time. */
export function watchDatabase(pool: Pool, now: () => number = Date.now): DatabaseWatch {
  let answered = now();
  const ask = () =>
    pool.query('select 1').then(
      () => {
        answered = now();
      },
      () => undefined,
    );
  const timer = setInterval(() => void ask(), EVERY_MS);
  timer.unref();
  return {
    problem: () => (now() - answered > PATIENCE_MS ? 'the database does not answer' : undefined),
    stop: () => clearInterval(timer),
  };
}
