import { NONE, type Replay } from './memory';
import { LEVELS } from './replay';

/** How sure the capacity has to be, and what the replay says of it. */
export interface Certainty {
  /** The forecast's quantile that capacity is built for, 0..1. */
  readonly sure: number;
  /** Share of messages that would have been late with it, and of how many hours that is known. */
  readonly late: number;
  readonly hours: number;
  /** No level that is worth its price keeps the promise. */
  readonly short: boolean;
}

/** A step up has to avoid one late message in a hundred for at most so much of the fleet's cost. */
const DEAREST_PERCENT = 1.2;
/** The replay shall spend this part of the budget of late messages, plus so much of what was left of it in truth. */
const AIM = 0.8;
const FEEDBACK = 0.5;
const LEAST = 0.2;
const MOST = 1.4;
/** Before so many blocks nothing is said about prices. */
const KNOWN_BLOCKS = 8;

/**
 * The cheapest level whose replay kept the promise, as far as a step up is worth its price. The promise is `share` of
 * all messages; when fewer (more) were late in truth than it allows, the replay may be a little worse (has to be better).
 */
export function certaintyFor({ fleets, blocks, realShare }: Replay, share: number): Certainty {
  const budget = 1 - share;
  const left = realShare === NONE ? 0 : FEEDBACK * (budget - realShare);
  const allowed = Math.min(MOST * budget, Math.max(LEAST * budget, AIM * budget + left));
  const cheapest = fleets[0]!.meanCost;
  let level = 0;
  let short = false;
  while (level < fleets.length - 1 && fleets[level]!.lateShare > allowed) {
    const [here, next] = [fleets[level]!, fleets[level + 1]!];
    const dearer = cheapest > 0 ? (next.meanCost - here.meanCost) / cheapest : 0;
    short = blocks >= KNOWN_BLOCKS && dearer > (here.lateShare - next.lateShare) * 100 * DEAREST_PERCENT;
    if (short) break;
    level += 1;
  }
  return { sure: LEVELS[level]!, late: fleets[level]!.lateShare, hours: blocks * 6, short };
}
