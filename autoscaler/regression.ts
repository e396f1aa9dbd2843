/**
 * Recursive least squares that forgets (Haykin, Adaptive Filter Theory, §9): weights by which features foretell a value.
 * Plain numbers, changed in place.
 */
export interface Regression {
  weights: number[];
  /** Covariance of the weights, row by row up to the diagonal: it is symmetric. */
  covariance: number[];
}

/** Forgets so much a minute: half of it in five days. */
const KEEP = 0.9998;

/** @param variance of each weight before anything is seen */
export function newRegression(weights: readonly number[], variance: number): Regression {
  return {
    weights: [...weights],
    covariance: weights.flatMap((_, row) => [...new Array<number>(row).fill(0), variance]),
  };
}

export function copyOfRegression({ weights, covariance }: Regression): Regression {
  return { weights: weights.slice(), covariance: covariance.slice() };
}

export function foretold({ weights }: Regression, features: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += weights[i]! * features[i]!;
  return sum;
}

/** How much a value is to be believed: its variance, how far an error may bend the weights, and what is no longer forgotten. */
export interface Belief {
  readonly variance: number;
  readonly furthest: number;
  /** While nothing new excites a direction, forgetting would blow its uncertainty up: not beyond this trace. */
  readonly trace: number;
}

/** Takes in the value that came with these features; `regression` is changed. */
export function regress(
  regression: Regression,
  features: readonly number[],
  value: number,
  { variance, furthest, trace: most }: Belief,
): void {
  const { weights, covariance } = regression;
  const size = weights.length;
  const gain = new Array<number>(size).fill(0);
  let trace = 0;
  for (let i = 0, at = 0; i < size; i++) {
    for (let j = 0; j < i; j++, at++) {
      gain[i]! += covariance[at]! * features[j]!;
      gain[j]! += covariance[at]! * features[i]!;
    }
    gain[i]! += covariance[at]! * features[i]!;
    trace += covariance[at++]!;
  }
  let denominator = KEEP * variance;
  for (let i = 0; i < size; i++) denominator += gain[i]! * features[i]!;
  const error = Math.max(-furthest, Math.min(furthest, value - foretold(regression, features)));
  const keep = trace < most ? KEEP : 1;
  for (let i = 0, at = 0; i < size; i++) {
    const step = gain[i]! / denominator;
    weights[i]! += step * error;
    for (let j = 0; j <= i; j++, at++) covariance[at] = (covariance[at]! - step * gain[j]!) / keep;
  }
}
