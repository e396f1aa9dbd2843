import { ERROR_BINS, type Errors } from './memory';

/** Errors are counted from so many spreads below to so many above. */
const LOWEST = -6;
const HIGHEST = 10;
const BIN = (HIGHEST - LOWEST) / ERROR_BINS;

export function newErrors(): Errors {
  const errors = Array.from({ length: ERROR_BINS }, (_, bin) => Math.exp(-1.2 * Math.abs(middleOf(bin))));
  const sum = errors.reduce((total, share) => total + share, 0);
  const usual = errors.map((share) => share / sum);
  return { calm: usual, wild: usual.slice() };
}

/** Counts an error of so many spreads at a time that was wild from 0 to 1; `part` is what one minute counts. */
export function countError({ calm, wild: often }: Errors, wild: number, spreads: number, part: number): void {
  if (wild < 1) count(calm, spreads, part * (1 - wild));
  if (wild > 0) count(often, spreads, part * wild);
}

function count(errors: number[], spreads: number, part: number): void {
  for (let bin = 0; bin < ERROR_BINS; bin++) errors[bin]! *= 1 - part;
  errors[binOf(spreads)]! += part;
}

/** So many spreads above the forecast lies the error that a share of `sure` stays below, in times as wild as `wild`. */
export function errorAt({ calm, wild: often }: Errors, wild: number, sure: number): number {
  let above = 0;
  for (let bin = ERROR_BINS - 1; bin >= 0; bin--) {
    const share = (1 - wild) * calm[bin]! + wild * often[bin]!;
    above += share;
    if (above > 1 - sure) return middleOf(bin) + ((above - (1 - sure)) / share - 0.5) * BIN;
  }
  return LOWEST;
}

/** The share of errors that were larger, in times as wild as `wild`: the inverse of errorAt. */
export function shareAbove({ calm, wild: often }: Errors, wild: number, spreads: number): number {
  const least = binOf(spreads);
  let above = 0;
  for (let bin = ERROR_BINS - 1; bin > least; bin--) above += (1 - wild) * calm[bin]! + wild * often[bin]!;
  const within = (spreads - LOWEST) / BIN - least;
  const here = (1 - wild) * calm[least]! + wild * often[least]!;
  return above + here * Math.max(0, Math.min(1, 1 - within));
}

function binOf(spreads: number): number {
  return Math.max(0, Math.min(ERROR_BINS - 1, Math.floor((spreads - LOWEST) / BIN)));
}

function middleOf(bin: number): number {
  return LOWEST + (bin + 0.5) * BIN;
}
