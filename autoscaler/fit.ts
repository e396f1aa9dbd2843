import { countError, newErrors } from './errors';
import { CLUES, FEATURES, type Fit, type Pending, round } from './memory';
import { foretold, newRegression, regress } from './regression';
import { newExceeded, noteError } from './tame';

const ERRORS_KEEP = 0.9997;
/** Before it is learned: of the variance, the errors of the last half hour make so much, those usual at this hour the rest. */
const LATELY = 0.25;
/** An error counts as no more than this, e-fold: what a gap or a broken counter leaves behind is soon forgotten. */
const LARGEST = 2;
/** An error beyond so many spreads does not bend the weights further. */
const CLIP = 4;
/** Prior knowledge worth so many minutes. */
const PRIOR = 200;
/** The mean of the logarithm of a squared normal error lies so far below that of its variance (Harvey et al. 1994). */
const LOG_SQUARE = -1.27;
/** Its variance is about five; an outlier bends the weights no further. */
const wildnessBelief = { variance: 4, furthest: 6, trace: 5 };
/** Errors below this share of the usual variance tell nothing of the next. */
const LEAST_SHARE = 0.03;
/** What is learned of the variance may be so far from the mean of lately and usual, e-fold. */
const FURTHEST = 2.5;
const LEAST_VARIANCE = 1e-5;
/** Times are calm, and wild, when the variance foretold is so far from that of the long run, e-fold. */
const CALM = -0.5;
const WILD = 1.5;
/** A move counts as one from this share of the usual error on; its direction is plain at the inverse of it. */
const MOVE = 0.3;

export function newFit(): Fit {
  return {
    change: newRegression(new Array(FEATURES).fill(0), 0.3),
    wildness: newRegression(
      Array.from({ length: CLUES }, (_, i) => [LOG_SQUARE, LATELY, 1 - LATELY][i] ?? 0),
      0.3,
    ),
    pending: [],
    lately: 0.04,
    longRun: 0.04,
    byHour: new Array(24).fill(0),
    hourCount: new Array(24).fill(0),
    errors: newErrors(),
    exceeded: newExceeded(),
  };
}

/** Whether it was learned by regressions of these features and clues, with errors counted as now. */
export function isFit(fit: Partial<Fit>): fit is Fit {
  const { change, wildness, errors } = fit;
  return change?.weights.length === FEATURES && wildness?.weights.length === CLUES && errors?.wild !== undefined;
}

/** Where the load moves just now, as differences of y: how far is told by `sizes`, up or down by `signs`. */
export interface Moves {
  readonly sizes: readonly number[];
  readonly signs: readonly number[];
}

/** What the features foretell, after `seen` minutes: the change of y, its spread, and what is known of that. */
export function foretell(
  fit: Fit,
  features: readonly number[],
  moves: Moves,
  hour: number,
  seen: number,
): Pick<Pending, 'change' | 'spread' | 'wild' | 'clues'> {
  const usual = fit.hourCount[hour]! > 60 ? fit.byHour[hour]! : fit.longRun;
  const clues = cluesOf(fit, moves, usual).map(round);
  const middle = Math.log(LATELY * fit.lately + (1 - LATELY) * usual + LEAST_VARIANCE);
  const learned = foretold(fit.wildness, clues) - LOG_SQUARE;
  const away = Math.max(-FURTHEST, Math.min(FURTHEST, learned - middle));
  const variance = Math.exp(middle + (away * seen) / (seen + PRIOR));
  const beyond = Math.log((variance + LEAST_VARIANCE) / (fit.longRun + LEAST_VARIANCE));
  return {
    change: Math.max(-3, Math.min(3, foretold(fit.change, features))),
    spread: Math.sqrt(Math.max(LEAST_VARIANCE, variance)),
    wild: Math.max(0, Math.min(1, (beyond - CALM) / (WILD - CALM))),
    clues,
  };
}

/** How wild it was lately, is at this hour and in the long run, and how the load moves against the usual error. */
function cluesOf({ lately, longRun }: Fit, { sizes, signs }: Moves, usual: number): number[] {
  const deviation = Math.sqrt(longRun + LEAST_VARIANCE);
  return [
    1,
    Math.log(lately + LEAST_VARIANCE),
    Math.log(usual + LEAST_VARIANCE),
    Math.log((longRun + LEAST_VARIANCE) / (usual + LEAST_VARIANCE)),
    ...sizes.map((size) => Math.log(1 + Math.abs(size) / (MOVE * deviation))),
    ...signs.map((sign) => Math.max(-1, Math.min(1, (MOVE * sign) / deviation))),
  ];
}

/** Takes in what became of a forecast; `fit` is changed. `seen` counts the minutes before. */
export function learnFit(fit: Fit, forecast: Pending, y: number, hour: number, seen: number): void {
  const { features, clues, spread, wild } = forecast;
  const error = y - forecast.y - forecast.change;
  const part = Math.max(1 - ERRORS_KEEP, 1 / (seen + PRIOR));
  noteError(fit, wild, error / spread, seen);
  countError(fit.errors, wild, error / spread, part);
  const least = LEAST_SHARE * fit.longRun + LEAST_VARIANCE / 10;
  regress(fit.wildness, clues, Math.log(error * error + least), wildnessBelief);
  const square = Math.min(Math.abs(error), LARGEST) ** 2;
  fit.lately += (square - fit.lately) * 0.06;
  fit.longRun += (square - fit.longRun) * Math.max(1 / 2000, 1 / (seen + 20));
  fit.hourCount[hour] = Math.min(400, fit.hourCount[hour]! + 1);
  fit.byHour[hour]! += (square - fit.byHour[hour]!) / Math.min(400, fit.hourCount[hour]! + 10);
  // A minute with a wide spread counts less.
  const belief = { variance: 0.02 + spread * spread, furthest: CLIP * spread, trace: 50 };
  regress(fit.change, features, y - forecast.y, belief);
}
