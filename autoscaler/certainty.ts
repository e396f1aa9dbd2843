import type { Replay } from './memory';
import { LATELY_BLOCKS, TELLTALE, WAYS } from './replay';

/** How sure the capacity has to be, and what the replay says of it. */
export interface Certainty {
  /** The forecast's quantile that capacity is built for, 0..1. */
  readonly sure: number;
  /** For how many boots what is no longer wanted is kept. */
  readonly keep: number;
  /** Share of messages that would have been late so, and of how many hours that is known. */
  readonly late: number;
  readonly hours: number;
  /** Of those late messages, the part that is believed to come in future, 0..1; see creditOf. */
  readonly credit: number;
  /** Nothing that is worth its price kept the promise in the replay. */
  readonly short: boolean;
}

/** One late message in a hundred beyond the budget is worth so much of a fleet without reserve; more is not paid. */
const PRICE = 0.85;
/**
 * The ledger of the promise: the replay shall spend this part of the budget of late messages, plus a multiple of what was
 * left of it in truth over the last two weeks, or less by as much as it was overspent.
 */
const AIM = 0.4;
const FEEDBACK = 2;
/** What happened in truth counts half after so many blocks. */
const PROVEN_BLOCKS = 8;
/** Whatever the ledger says, the replay may spend from so much to so much of the budget. */
const LEAST = 0.05;
const MOST = 0.8;
/** Before so many blocks it is not known what is usual. */
const KNOWN_BLOCKS = 6;
/** Once this part of the budget is spent, calm times are no reason to be less sure. */
const NEARLY_SPENT = 0.9;

/**
 * The way to run the fleet whose replay was cheapest, late messages beyond the budget priced in; as much less sure as the
 * budget allows between it and the next less certain way. The promise is `share` of all messages; when fewer (more) were
 * late in truth than it allows, the replay may be worse (has to be better).
 */
export function certaintyFor(replay: Replay, share: number): Certainty {
  const { blocks, realShare, realBlocks } = replay;
  const budget = 1 - share;
  const credit = creditOf(replay, budget);
  const fleets = replay.fleets.map(({ lateShare, meanCost }) => ({ lateShare: lateShare * credit, meanCost }));
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
  const { keep, sure } = WAYS[best]!;
  const less = WAYS.findLastIndex((way, i) => i < best && way.keep === keep);
  const between = less < 0 ? undefined : partTowards(fleets[less]!.lateShare, lateShare, allowed);
  return {
    sure: between === undefined ? sure : blended(WAYS[less]!.sure, sure, between),
    keep,
    late: (between === undefined ? lateShare : allowed) / credit,
    hours: blocks * 6,
    credit,
    short: lateShare > budget,
  };
}

/**
 * How much of its late messages the replay is believed. It remembers two weeks, and load that was wild may have become
 * tame: then a fleet that usually is late often is late seldom, and was so in each of the last blocks. A single calm
 * block says nothing: loads with rare crowds are calm between them.
 */
function creditOf({ fleets, blocks, realShare, lately }: Replay, budget: number): number {
  if (blocks < KNOWN_BLOCKS || lately.length < LATELY_BLOCKS || realShare > NEARLY_SPENT * budget) return 1;
  return Math.min(1, Math.sqrt((Math.max(...lately) + budget) / (fleets[TELLTALE]!.lateShare + budget)));
}

/** How far from the fleet that is late too often to the one that is seldom late what is allowed lies, 0..1. */
function partTowards(often: number, seldom: number, allowed: number): number | undefined {
  if (!(often > allowed && allowed > seldom && seldom > 0)) return undefined;
  return Math.log(often / allowed) / Math.log(often / seldom);
}

/** Between two certainties, on the scale of the odds. */
function blended(low: number, high: number, part: number): number {
  const odds = (low / (1 - low)) ** (1 - part) * (high / (1 - high)) ** part;
  return odds / (1 + odds);
}
