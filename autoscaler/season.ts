import { DAY_STEPS, NONE, PAST_STEPS, round, type Season, STEP_MINUTES, WEEK_STEPS } from './memory';

/** Minutes after which a season of the day, and of the week, is known. */
const DAY_KNOWN = 1440;
const WEEK_KNOWN = 8 * 1440;
/** A season follows what changes within about so many days, and so many weeks. */
const DAYS = 4;
const WEEKS = 3;

export function newSeason(): Season {
  return {
    day: new Array(DAY_STEPS).fill(0),
    dayCount: new Array(DAY_STEPS).fill(0),
    week: new Array(WEEK_STEPS).fill(0),
    weekCount: new Array(WEEK_STEPS).fill(0),
    past: new Array(PAST_STEPS).fill(NONE),
    sum: 0,
    count: 0,
    distance: 0.3,
  };
}

/** Takes in y of a minute; `season` is changed. */
export function learnSeason(season: Season, minute: number, y: number, seen: number): void {
  const usual = seasonAt(season, minute, seen);
  if (usual !== undefined) season.distance += (Math.abs(y - usual) - season.distance) / 1440;
  season.sum += y;
  season.count += 1;
  if ((minute + 1) % STEP_MINUTES === 0) finishStep(season, Math.floor(minute / STEP_MINUTES));
}

/** Ends a step of five minutes, seen or not. Tables are replaced, so that copies may share them until then. */
export function finishStep(season: Season, step: number): void {
  const y = season.count > 0 ? round(season.sum / season.count) : NONE;
  season.past = replaced(season.past, step % PAST_STEPS, y);
  season.sum = 0;
  season.count = 0;
  if (y === NONE) return;
  const [day, week] = [step % DAY_STEPS, step % WEEK_STEPS];
  const dayCount = Math.min(DAYS, season.dayCount[day]! + 1);
  const weekCount = Math.min(WEEKS, season.weekCount[week]! + 1);
  season.day = replaced(season.day, day, round(season.day[day]! + (y - season.day[day]!) / dayCount));
  season.week = replaced(season.week, week, round(season.week[week]! + (y - season.week[week]!) / weekCount));
  season.dayCount = replaced(season.dayCount, day, dayCount);
  season.weekCount = replaced(season.weekCount, week, weekCount);
}

/** The usual y of a minute: by minute of the week once that is known, else of the day; undefined before. */
export function seasonAt(season: Season, minute: number, seen: number): number | undefined {
  const weekly =
    seen > WEEK_KNOWN ? between(minute, season.week, (step) => season.weekCount[step]! > 0, WEEK_STEPS) : undefined;
  if (weekly !== undefined || seen <= DAY_KNOWN) return weekly;
  return between(minute, season.day, (step) => season.dayCount[step]! > 0, DAY_STEPS);
}

/** y around a minute of the last week; undefined when it was not seen. */
export function pastAt(season: Season, minute: number): number | undefined {
  return between(minute, season.past, (step) => season.past[step] !== NONE, PAST_STEPS);
}

/** Joins the middles of neighbouring steps by a line. */
function between(
  minute: number,
  values: readonly number[],
  isKnown: (step: number) => boolean,
  length: number,
): number | undefined {
  const at = (minute - (STEP_MINUTES - 1) / 2) / STEP_MINUTES;
  const low = Math.floor(at);
  const part = at - low;
  const [a, b] = [((low % length) + length) % length, (((low + 1) % length) + length) % length];
  if (!isKnown(a) || !isKnown(b)) return isKnown(a) ? values[a] : isKnown(b) ? values[b] : undefined;
  return values[a]! * (1 - part) + values[b]! * part;
}

function replaced(values: readonly number[], at: number, value: number): number[] {
  const copy = values.slice();
  copy[at] = value;
  return copy;
}
