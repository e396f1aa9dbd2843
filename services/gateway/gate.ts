import { backoff } from './backoff';

/**
 * Whether this page may send at all. Messenger's limits and its refusals of a token concern every student alike: all
 * wait, nothing is lost, and the first success opens the gate for good.
 */
export interface Gate {
  /** Milliseconds until sending is allowed, 0 when it is. */
  closedFor(now: number): number;
  limited(retryAfterMs: number | undefined, now: number): void;
  refused(why: string, now: number): void;
  succeeded(): void;
  /** What a person has to mend. */
  problem(): string | undefined;
}

/** Most we wait on Messenger's word before trying once more. */
const MOST_MS = 15 * 60_000;
/** A token is renewed by a person, with a new release; until then one try now and then. */
const TOKEN_PAUSE_MS = 30_000;

export function createGate(random: () => number = Math.random): Gate {
  let until = 0;
  let hits = 0;
  let refusal: string | undefined;
  return {
    closedFor: (now) => Math.max(0, until - now),
    limited: (retryAfterMs, now) => {
      if (now < until) return; // answers of calls that were on their way already
      hits += 1;
      until = now + Math.min(MOST_MS, retryAfterMs ?? backoff(hits, random()));
    },
    refused: (why, now) => {
      refusal = why;
      until = now + TOKEN_PAUSE_MS;
    },
    succeeded: () => {
      hits = 0;
      refusal = undefined;
    },
    problem: () => (refusal === undefined ? undefined : `Messenger refuses the page token, replies wait: ${refusal}`),
  };
}
