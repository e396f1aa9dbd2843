import { plant } from './policy';
import type { Trace } from './trace';

/** Counts below this many in a window are shot noise of more than 7 %. */
const ENOUGH = 200;
/** No window reaches farther than this to each side. */
const FARTHEST_SECONDS = 3600;
/** The share of a fleet that the scale, and the cap below, fill. */
const FILLED = 0.8;
/** The 99.5th percentile of every trace uses four fifths of this many hosts, so that traces compare. */
const SCALE_HOSTS = 20;

/**
 * Expected messages per second, one value for each tick of 5 s from the trace's beginning: counts are smoothed until a
 * window holds 200, joined linearly between the middles of the steps, and scaled so that the 99.5th percentile is
 * 0.8 · 20 hosts. What goes beyond 0.8 · 64 hosts is cut off: no fleet within the bounds could carry it, so it would tell
 * policies apart by nothing but their luck.
 */
export function expectedRate(trace: Trace): Float64Array {
  const { counts, stepSeconds } = coarse(trace);
  const smooth = smoothed(counts, stepSeconds);
  const factor = (FILLED * SCALE_HOSTS * plant.hostRate) / (percentile(smooth, 0.995) || 1);
  const most = FILLED * plant.maxHosts * plant.hostRate;
  const ticks = Math.round((counts.length * stepSeconds) / plant.tickSeconds);
  const rate = new Float64Array(ticks);
  const last = smooth.length - 1;
  for (let tick = 0; tick < ticks; tick++) {
    const at = Math.min(last, Math.max(0, ((tick + 0.5) * plant.tickSeconds) / stepSeconds - 0.5));
    const low = Math.min(last, Math.floor(at));
    const high = Math.min(last, low + 1);
    rate[tick] = Math.min(most, factor * (smooth[low]! + (at - low) * (smooth[high]! - smooth[low]!)));
  }
  return rate;
}

/** Steps shorter than a tick are put together, so that none is left out between two ticks. */
function coarse({ counts, stepSeconds }: Trace): { counts: Float64Array; stepSeconds: number } {
  const together = Math.ceil(plant.tickSeconds / stepSeconds);
  if (together === 1) return { counts, stepSeconds };
  const sums = new Float64Array(Math.ceil(counts.length / together));
  counts.forEach((count, i) => {
    sums[Math.floor(i / together)]! += count;
  });
  return { counts: sums, stepSeconds: stepSeconds * together };
}

/** Per step, the mean of the smallest window around it that holds enough. */
function smoothed(counts: Float64Array, stepSeconds: number): Float64Array {
  const sums = new Float64Array(counts.length + 1);
  counts.forEach((count, i) => {
    sums[i + 1] = sums[i]! + count;
  });
  const farthest = Math.floor(FARTHEST_SECONDS / stepSeconds);
  return counts.map((_, i) => {
    for (let reach = 0; ; reach++) {
      const low = Math.max(0, i - reach);
      const high = Math.min(counts.length, i + reach + 1);
      const sum = sums[high]! - sums[low]!;
      if (sum >= ENOUGH || reach >= farthest) return sum / (high - low);
    }
  });
}

export function percentile(values: Float64Array, share: number): number {
  const sorted = values.slice().sort();
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
