import { errorAt, shareAbove } from './errors';
import type { Fit } from './memory';

/**
 * A load that was wild may have become tame. What is usual of errors is known from days and weeks, so that it is
 * unlearned as slowly; here the errors of the last hours are held against it. Rare crowds leave no trace in such
 * hours, so that only the errors that nineteen in twenty stay below are compared, and only a plain difference counts.
 */
const LEVELS = [0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95];
const COMPARED = LEVELS.at(-1)!;
/** The last hours: an average that forgets within so many minutes. */
const MINUTES = 300;
/** Before so many minutes nothing is usual yet. */
const KNOWN_MINUTES = 2 * 1440;
/** Times are tamer when errors reach less than this part of what is usual, and surely at so much less. */
const TAMER = 0.75;
const SURELY = 0.05;
/** What is foreseen from the last hours is never less than this part of what is usual at COMPARED. */
const LEAST = 0.05;

/** The share of errors above each level, as is usual. */
export function newExceeded(): number[] {
  return LEVELS.map((level) => 1 - level);
}

/** Takes in an error of so many spreads, after `seen` minutes; `fit.exceeded` is changed. */
export function noteError(fit: Fit, wild: number, spreads: number, seen: number): void {
  if (seen < KNOWN_MINUTES) return;
  const above = shareAbove(fit.errors, wild, spreads);
  LEVELS.forEach((level, i) => {
    fit.exceeded[i]! += ((above < 1 - level ? 1 : 0) - fit.exceeded[i]!) / MINUTES;
  });
}

export interface Tameness {
  /** From 0, when errors are as usual (or larger), to 1, when they surely are smaller. */
  readonly tamer: number;
  /** So many spreads above the forecast lies the error that nineteen in twenty stayed below in the last hours. */
  readonly reach: number;
}

export function tamenessOf({ errors, exceeded }: Fit, wild: number): Tameness {
  const usual = errorAt(errors, wild, COMPARED);
  if (exceeded.at(-1)! >= 1 - COMPARED || usual <= 0) return { tamer: 0, reach: usual };
  const reach = Math.max(LEAST * usual, errorAt(errors, wild, levelOf(exceeded)));
  return { tamer: Math.max(0, Math.min(1, (TAMER - reach / usual) / SURELY)), reach };
}

/** Of what is usual, the level that nineteen in twenty errors of the last hours stayed below; between levels on a line. */
function levelOf(exceeded: readonly number[]): number {
  for (let i = LEVELS.length - 1; i > 0; i--) {
    const [low, high] = [exceeded[i - 1]!, exceeded[i]!];
    if (low >= 1 - COMPARED) return LEVELS[i]! - ((LEVELS[i]! - LEVELS[i - 1]!) * (1 - COMPARED - high)) / (low - high);
  }
  return LEVELS[0]!;
}

/**
 * So many spreads above the forecast lies the error that a share of `sure` stays below. In tamer times what lies beyond
 * the errors of the last hours is not known from them; it is taken from the logistic distribution, which has longer
 * tails than the normal one, and never more than usual.
 */
export function errorNow({ errors }: Fit, { tamer, reach }: Tameness, wild: number, sure: number): number {
  const usual = errorAt(errors, wild, sure);
  if (tamer === 0 || sure <= COMPARED) return usual;
  const now = (reach * logit(sure)) / logit(COMPARED);
  return now < usual ? (1 - tamer) * usual + tamer * now : usual;
}

function logit(share: number): number {
  return Math.log(share / (1 - share));
}
