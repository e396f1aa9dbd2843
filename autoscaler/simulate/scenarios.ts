import { plant } from './policy';
import { openRandom } from './random';
import { percentile } from './rate';

/**
 * Changes a world's expected rate in place, before messages are drawn from it. Returns the tick of the disturbance when
 * it has a moment.
 */
export type Scenario = (rate: Float64Array, fromTick: number, seed: number) => number | undefined;

const MINUTE = 60 / plant.tickSeconds;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Left as it is before the scores begin. */
const UNTOUCHED = 2 * HOUR;

export const scenarios: Readonly<Record<string, Scenario>> = {
  /** The hours of the history in any order: no season can be learned from it. */
  'shuffled-history': (rate, fromTick, seed) => {
    const hours = Math.floor((fromTick - UNTOUCHED) / HOUR);
    const random = openRandom(seed, 'shuffle');
    for (let last = hours - 1; last > 0; last--) {
      const other = Math.floor(random() * (last + 1));
      const kept = rate.slice(last * HOUR, (last + 1) * HOUR);
      rate.copyWithin(last * HOUR, other * HOUR, (other + 1) * HOUR);
      rate.set(kept, other * HOUR);
    }
    return undefined;
  },

  /** Nothing was counted on the day before. */
  'missing-day': (rate, fromTick) => {
    rate.fill(0, Math.max(0, fromTick - UNTOUCHED - DAY), Math.max(0, fromTick - UNTOUCHED));
    return undefined;
  },

  /** Five times the load within 3 minutes, for half an hour, and then halved each 20 minutes. */
  'flash-crowd': (rate, fromTick) => {
    const event = moment(rate, fromTick);
    for (let tick = event; tick < Math.min(rate.length, event + 4 * HOUR); tick++) {
      const minutes = (tick - event) / MINUTE;
      const more = minutes < 3 ? (4 * minutes) / 3 : minutes < 33 ? 4 : 4 * 0.5 ** ((minutes - 33) / 20);
      rate[tick] = capped(rate[tick]! * (1 + more));
    }
    return event;
  },

  /** Next to nothing comes for half an hour; then all of it within the next quarter, on top of the rest. */
  'retry-storm': (rate, fromTick) => {
    const event = moment(rate, fromTick);
    let heldBack = 0;
    for (let tick = event; tick < Math.min(rate.length, event + HOUR / 2); tick++) {
      heldBack += 0.95 * rate[tick]!;
      rate[tick]! *= 0.05;
    }
    const storm = event + HOUR / 2;
    for (let tick = storm; tick < Math.min(rate.length, storm + HOUR / 4); tick++)
      rate[tick] = capped(rate[tick]! + heldBack / (HOUR / 4));
    return storm;
  },
};

const capped = (rate: number): number => Math.min(rate, 0.8 * plant.maxHosts * plant.hostRate);

/** A time of ordinary load, a third into what is scored. */
function moment(rate: Float64Array, fromTick: number): number {
  const scored = rate.subarray(fromTick);
  const [low, high] = [percentile(scored, 0.4), percentile(scored, 0.6)];
  const start = fromTick + Math.floor(scored.length / 3);
  for (let tick = start; tick < rate.length - 4 * HOUR; tick += MINUTE)
    if (rate[tick]! >= low && rate[tick]! <= high) return tick;
  return start;
}

const AFTERMATH_MINUTES = 240;

/** Seconds from a disturbance until less than 1 % of each minute's messages are late again; 0 when none was. */
export function recoverySeconds(series: { arrived: Float64Array; late: Float64Array }, eventMinute: number): number {
  let last = eventMinute - 1;
  for (let minute = eventMinute; minute < Math.min(series.late.length, eventMinute + AFTERMATH_MINUTES); minute++)
    if (series.late[minute]! > 0.01 * series.arrived[minute]!) last = minute;
  return (last + 1 - eventMinute) * 60;
}
