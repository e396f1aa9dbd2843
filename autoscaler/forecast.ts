import { foretell, learnFit, type Moves, newFit } from './fit';
import { HORIZONS, type LoadMemory, NONE, type Pending, RECENT, round, STEP_MINUTES } from './memory';
import { newReplay } from './replay';
import { finishStep, learnSeason, newSeason, pastAt, seasonAt } from './season';
import { errorNow, tamenessOf } from './tame';

/** Minutes over which each moving average forgets. */
const AVERAGES = [2.5, 8, 25, 90];
const MEAN_MINUTES = 14 * 1440;
/** Loads are compared as ratios, after a share of the mean is added: what is far below the mean is all the same. */
const OFFSET_SHARE = 0.2;
const LEAST_OFFSET = 0.01;
/** After a longer gap, what was lately says nothing. */
const LONG_GAP = 30;
const DAY = 1440;
const WEEK = 7 * DAY;

export function newMemory(): LoadMemory {
  return {
    minute: -1,
    seen: 0,
    mean: 0,
    averages: AVERAGES.map(() => 0),
    recent: [],
    season: newSeason(),
    fits: HORIZONS.map(newFit),
    replay: newReplay(),
  };
}

/**
 * Takes in the load of one minute, messages per second; `memory` is changed. Minutes come in order; those left out were
 * not measured. What is learned is the change of y = log(load + offset) over each horizon, from the season, the level,
 * the slope, and the same minutes of yesterday and a week ago.
 */
export function learnLoad(memory: LoadMemory, minute: number, load: number): void {
  passGap(memory, minute);
  memory.mean += (load - memory.mean) * Math.max(1 / (memory.seen + 1), 1 / MEAN_MINUTES);
  memory.averages = memory.averages.map((average, i) =>
    memory.seen === 0 ? load : average + (load - average) * Math.max(1 / (memory.seen + 1), 1 / AVERAGES[i]!),
  );
  const y = Math.log(load + offsetOf(memory));
  memory.fits.forEach((fit) => {
    const due = fit.pending[0];
    if (due?.minute === minute) {
      fit.pending.shift();
      learnFit(fit, due, y, hourOf(minute), memory.seen);
    }
  });
  memory.recent.push(y);
  if (memory.recent.length > RECENT) memory.recent.shift();
  learnSeason(memory.season, minute, y, memory.seen);
  memory.minute = minute;
  memory.seen += 1;
  const moves = movesOf(memory, y, minute);
  memory.fits.forEach((fit, i) => {
    const ahead = minute + HORIZONS[i]!;
    const features = featuresOf(memory, y, minute, ahead).map(round);
    fit.pending.push({ minute: ahead, features, y, ...foretell(fit, features, moves, hourOf(ahead), memory.seen) });
  });
}

/** Level, slopes and seasons, each as a difference of y; a rise counts apart, as it goes on otherwise than a fall. */
function featuresOf(memory: LoadMemory, y: number, now: number, ahead: number): number[] {
  const { season, seen, averages } = memory;
  const [usual, usualAhead] = [seasonAt(season, now, seen), seasonAt(season, ahead, seen)];
  const known = usual !== undefined && usualAhead !== undefined;
  const step = known ? usualAhead - usual : 0;
  const [slope2, slope6, slope12] = slopesOf(memory, y);
  const [yesterday, yesterdayAhead] = [pastAt(season, now - DAY), pastAt(season, ahead - DAY)];
  const [lastWeek, lastWeekAhead] = [pastAt(season, now - WEEK), pastAt(season, ahead - WEEK)];
  const dayStep = yesterday !== undefined && yesterdayAhead !== undefined ? yesterdayAhead - yesterday : step;
  const weekStep = lastWeek !== undefined && lastWeekAhead !== undefined ? lastWeekAhead - lastWeek : dayStep;
  const offset = offsetOf(memory);
  return [
    0.1,
    step,
    usual !== undefined ? y - usual : 0,
    ...averages.map((average) => Math.log(average + offset) - y),
    slope2,
    slope6,
    slope12,
    dayStep,
    weekStep,
    yesterday !== undefined ? y - yesterday : 0,
    Math.max(0, slope2),
  ];
}

/** What tells whether the next minutes will be wild. */
function movesOf(memory: LoadMemory, y: number, now: number): Moves {
  const { season, seen, averages } = memory;
  const usual = seasonAt(season, now, seen);
  const [slope2, slope6, slope12] = slopesOf(memory, y);
  const above = (average: number): number => y - Math.log(average + offsetOf(memory));
  return {
    sizes: [slope2, slope6, slope12, usual !== undefined ? y - usual : 0],
    signs: [slope2, slope6, above(averages[0]!), above(averages[2]!)],
  };
}

/** By how much y rose in the last 2, 6 and 12 minutes. */
function slopesOf({ recent }: LoadMemory, y: number): [number, number, number] {
  const since = (minutes: number): number => y - recent[Math.max(0, recent.length - 1 - minutes)]!;
  return [since(2), since(6), since(12)];
}

/** Minutes that were not measured: a short gap is bridged, after a long one the level is found anew. */
function passGap(memory: LoadMemory, minute: number): void {
  const { season, recent, fits } = memory;
  const missed = memory.minute < 0 ? 0 : minute - memory.minute - 1;
  if (missed <= 0) return;
  for (const fit of fits) fit.pending = fit.pending.filter((forecast) => forecast.minute >= minute);
  const last = Math.floor(minute / STEP_MINUTES);
  const first = Math.max(Math.floor((memory.minute + 1) / STEP_MINUTES), last - season.past.length);
  for (let step = first; step < last; step++) finishStep(season, step);
  if (missed > LONG_GAP) {
    recent.length = 0;
    memory.averages = memory.averages.map((_, i) => (i < 3 ? memory.averages[3]! : memory.averages[i]!));
  } else for (let i = 0; i < missed; i++) recent.push(recent.at(-1)!);
  while (recent.length > RECENT) recent.shift();
}

/** A forecast of one horizon as it was made in the newest minute. */
export interface Outlook {
  readonly minutesAhead: number;
  /** The middle of the forecast, messages per second. */
  readonly load: number;
  /** The load that is not exceeded with this certainty, messages per second. */
  atLeast(sure: number): number;
  /** From 0, when forecasts were off as usual in the last hours, to 1, when they surely were off less. */
  readonly tamer: number;
}

/** Undefined before the first minute. The shortest horizon that reaches so far; the longest if none does. */
export function outlook(memory: LoadMemory, minutesAhead: number): Outlook | undefined {
  const found = HORIZONS.findIndex((horizon) => horizon >= minutesAhead);
  const index = found < 0 ? HORIZONS.length - 1 : found;
  const fit = memory.fits[index]!;
  const newest = fit.pending.at(-1);
  if (newest === undefined) return undefined;
  const tameness = tamenessOf(fit, newest.wild);
  return {
    minutesAhead: HORIZONS[index]!,
    load: loadOf(memory, newest, 0),
    atLeast: (sure) => loadOf(memory, newest, errorNow(fit, tameness, newest.wild, sure)),
    tamer: tameness.tamer,
  };
}

function loadOf(memory: LoadMemory, { y, change, spread }: Pending, spreads: number): number {
  return Math.max(0, Math.exp(y + change + spread * spreads) - offsetOf(memory));
}

/** The usual load of a minute and how far below it the load of the last minutes is, in usual distances; see guard.ts. */
export function unusual(memory: LoadMemory): { usual: number; below: number } | undefined {
  const usual = memory.minute < 0 ? undefined : seasonAt(memory.season, memory.minute, memory.seen);
  if (usual === undefined || usual === NONE) return undefined;
  const offset = offsetOf(memory);
  const y = Math.log(memory.averages[0]! + offset);
  return { usual: Math.max(0, Math.exp(usual) - offset), below: (usual - y) / Math.max(0.05, memory.season.distance) };
}

function offsetOf({ mean }: LoadMemory): number {
  return Math.max(LEAST_OFFSET, OFFSET_SHARE * mean);
}

function hourOf(minute: number): number {
  return Math.floor(minute / 60) % 24;
}
