import type { Minutes } from '../policy';

const HOUR_MS = 3_600_000;
const LEAST_HOURS = 24;
const MOST_HOURS = 14 * 24;

/**
 * Mean messages per second expected in the hour of a time: the mean of the same hour of the week where two weeks have
 * been seen, of the same hour of the day below; nothing under 24 hours of data. The service's own model is not public;
 * this is the plainest one of the same inputs.
 */
export function hourlyForecast({ startMs, counts }: Minutes, now: number): (ms: number) => number | undefined {
  const lastHour = Math.floor(now / HOUR_MS);
  const firstHour = Math.max(Math.ceil(startMs / HOUR_MS), lastHour - MOST_HOURS);
  if (lastHour - firstHour < LEAST_HOURS) return () => undefined;
  const season = lastHour - firstHour >= MOST_HOURS ? 168 : 24;
  const sums = new Float64Array(season);
  const hours = new Float64Array(season);
  for (let hour = firstHour; hour < lastHour; hour++) {
    const first = (hour * HOUR_MS - startMs) / 60_000;
    let [sum, seen] = [0, 0];
    for (let minute = first; minute < Math.min(first + 60, counts.length); minute++) {
      if (Number.isNaN(counts[minute]!)) continue;
      sum += counts[minute]!;
      seen += 1;
    }
    if (seen === 0) continue;
    sums[hour % season]! += sum / seen / 60;
    hours[hour % season]! += 1;
  }
  return (ms) => {
    const hour = Math.floor(ms / HOUR_MS) % season;
    return hours[hour] === 0 ? undefined : sums[hour]! / hours[hour]!;
  };
}
