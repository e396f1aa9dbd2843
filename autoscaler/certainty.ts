import type { Replay } from './memory';
import { WAYS } from './replay';

/** How sure the capacity has to be, and what the replay says of it. */
export interface Certainty {
  /** The forecast's quantile that capacity is built for, 0..1. */
  readonly sure: number;
  /** For how many boots what is no longer wanted is kept. */
  readonly keep: number;
  /** Share of messages that would have been late so, and of how many hours that is known. */
  readonly late: number;
  readonly hours: number;
  /** Nothing that is worth its price keeps the promise. */
  readonly short: boolean;
}

/** One late message in a hundred beyond the budget is worth so much of a fleet without reserve. */
const PRICE = 1;
/** The replay shall spend this part of the budget of late messages, plus so much of what was left of it in truth. */
const AIM = 0.45;
const FEEDBACK = 1;
/** What happened in truth counts half after so many blocks. */
const PROVEN_BLOCKS = 8;
const LEAST = 0.2;
const MOST = 1.4;

/**
 * The way to run the fleet whose replay was cheapest, late messages beyond the budget priced in. The promise is `share`
 * of all messages; when fewer (more) were late in truth than it allows, the replay may be worse (has to be better).
 */
export function certaintyFor({ fleets, blocks, realShare, realBlocks }: Replay, share: number): Certainty {
  const budget = 1 - share;
  const left = (FEEDBACK * (budget - realShare) * realBlocks) / (realBlocks + PROVEN_BLOCKS);
  const allowed = Math.min(MOST * budget, Math.max(LEAST * budget, AIM * budget + left));
  const base = fleets[0]!.meanCost;
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  fleets.forEach(({ meanCost, lateShare }, i) => {
    const cost = base > 0 ? meanCost / base : WAYS[i]!.sure + WAYS[i]!.keep * 1e-3;
    const price = cost + 100 * PRICE * Math.max(0, lateShare - allowed);
    if (price < least) [best, least] = [i, price];
  });
  const { lateShare } = fleets[best]!;
  return { ...WAYS[best]!, late: lateShare, hours: blocks * 6, short: lateShare > allowed };
}
