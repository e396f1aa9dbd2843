import { ERROR_BINS, FEATURES, type Fit, type Pending } from './memory';

/** Recursive least squares forgets so much a minute: half of it in five days. */
const KEEP = 0.9998;
const ERRORS_KEEP = 0.9997;
/** Errors are counted from so many spreads below to so many above. */
const LOWEST = -6;
const HIGHEST = 10;
const BIN = (HIGHEST - LOWEST) / ERROR_BINS;
/** Of the spread, the errors of the last half hour make so much; those usual at this hour of the day make the rest. */
const LATELY = 0.25;
/** An error counts as no more than this, e-fold: what a gap or a broken counter leaves behind is soon forgotten. */
const LARGEST = 2;
/** An error beyond so many spreads does not bend the weights further. */
const CLIP = 4;
/** Prior knowledge worth so many minutes. */
const PRIOR = 200;

export function newFit(): Fit {
  const errors = Array.from({ length: ERROR_BINS }, (_, bin) => Math.exp(-1.2 * Math.abs(middleOf(bin))));
  const sum = errors.reduce((total, share) => total + share, 0);
  return {
    weights: new Array(FEATURES).fill(0),
    covariance: Array.from({ length: FEATURES * FEATURES }, (_, i) => (i % (FEATURES + 1) === 0 ? 0.3 : 0)),
    pending: [],
    lately: 0.04,
    longRun: 0.04,
    byHour: new Array(24).fill(0),
    hourCount: new Array(24).fill(0),
    errors: errors.map((share) => share / sum),
  };
}

/** What the features foretell: the change of y, and its spread. */
export function foretell(fit: Fit, features: readonly number[], hour: number): { change: number; spread: number } {
  let change = 0;
  for (let i = 0; i < FEATURES; i++) change += fit.weights[i]! * features[i]!;
  const usual = fit.hourCount[hour]! > 60 ? fit.byHour[hour]! : fit.longRun;
  return {
    change: Math.max(-3, Math.min(3, change)),
    spread: Math.sqrt(Math.max(1e-5, LATELY * fit.lately + (1 - LATELY) * usual)),
  };
}

/** Takes in what became of a forecast; `fit` is changed. `seen` counts the minutes before. */
export function learnFit(fit: Fit, forecast: Pending, y: number, hour: number, seen: number): void {
  const { features, spread } = forecast;
  const error = y - forecast.y - forecast.change;
  countError(fit.errors, error / spread, Math.max(1 - ERRORS_KEEP, 1 / (seen + PRIOR)));
  const square = Math.min(Math.abs(error), LARGEST) ** 2;
  fit.lately += (square - fit.lately) * 0.06;
  fit.longRun += (square - fit.longRun) * Math.max(1 / 2000, 1 / (seen + 20));
  fit.hourCount[hour] = Math.min(400, fit.hourCount[hour]! + 1);
  fit.byHour[hour]! += (square - fit.byHour[hour]!) / Math.min(400, fit.hourCount[hour]! + 10);
  solve(fit, features, y - forecast.y, spread);
}

/** A step of recursive least squares; a minute with a wide spread counts less (Haykin, Adaptive Filter Theory, §9). */
function solve(fit: Fit, features: readonly number[], change: number, spread: number): void {
  const { weights, covariance } = fit;
  const gain = new Array<number>(FEATURES);
  let denominator = KEEP * (0.02 + spread * spread);
  let foretold = 0;
  let trace = 0;
  for (let i = 0; i < FEATURES; i++) {
    let sum = 0;
    for (let j = 0; j < FEATURES; j++) sum += covariance[i * FEATURES + j]! * features[j]!;
    gain[i] = sum;
    denominator += sum * features[i]!;
    foretold += weights[i]! * features[i]!;
    trace += covariance[i * (FEATURES + 1)]!;
  }
  const error = Math.max(-CLIP * spread, Math.min(CLIP * spread, change - foretold));
  /** While nothing new excites a direction, forgetting would blow its uncertainty up. */
  const keep = trace < 50 ? KEEP : 1;
  for (let i = 0; i < FEATURES; i++) {
    weights[i]! += (gain[i]! / denominator) * error;
    for (let j = 0; j <= i; j++) {
      const next = (covariance[i * FEATURES + j]! - (gain[i]! * gain[j]!) / denominator) / keep;
      covariance[i * FEATURES + j] = next;
      covariance[j * FEATURES + i] = next;
    }
  }
}

function countError(errors: number[], spreads: number, part: number): void {
  for (let bin = 0; bin < ERROR_BINS; bin++) errors[bin]! *= 1 - part;
  const bin = Math.floor((spreads - LOWEST) / BIN);
  errors[Math.max(0, Math.min(ERROR_BINS - 1, bin))]! += part;
}

/** So many spreads above the forecast lies the error that a share of `sure` stays below. */
export function errorAt(errors: readonly number[], sure: number): number {
  let above = 0;
  for (let bin = ERROR_BINS - 1; bin >= 0; bin--) {
    above += errors[bin]!;
    if (above > 1 - sure) return middleOf(bin) + ((above - (1 - sure)) / errors[bin]! - 0.5) * BIN;
  }
  return LOWEST;
}

function middleOf(bin: number): number {
  return LOWEST + (bin + 0.5) * BIN;
}
