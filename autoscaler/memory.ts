import { copyOfRegression, type Regression } from './regression';

/**
 * What is learned of one service's load: plain numbers of fixed size, so that it is saved as JSON and read back exactly.
 * Loads are messages (or requests) per second; `y` below is log(load + offset), in which ratios become differences.
 */
export interface LoadMemory {
  /** The newest minute that was learned, minutes since 1970; -1 before the first. */
  minute: number;
  /** Minutes learned so far. */
  seen: number;
  /** Mean load of about two weeks. */
  mean: number;
  /** Moving averages of the load over about 2.5, 8, 25 and 90 minutes. */
  averages: number[];
  /** y of the last 31 minutes, oldest first. */
  recent: number[];
  season: Season;
  /** One for each of HORIZONS. */
  fits: Fit[];
  replay: Replay;
}

/** Means of y in steps of five minutes; NONE where nothing was seen. */
export interface Season {
  day: number[];
  dayCount: number[];
  week: number[];
  weekCount: number[];
  /** The last week and an hour, by number of the step modulo its length. */
  past: number[];
  /** Sum and number of the minutes of the step that is not finished. */
  sum: number;
  count: number;
  /** Mean distance of y from its season, for telling an unusual drop. */
  distance: number;
}

/** The regressions of one horizon, and how far it was off. */
export interface Fit {
  /** Of the change of y, from its features. */
  change: Regression;
  /** Of the logarithm of the squared error, from its clues. */
  wildness: Regression;
  /** Forecasts whose minute has not come, oldest first. */
  pending: Pending[];
  /** Mean squared error lately, in the long run, and by hour of day (UTC). */
  lately: number;
  longRun: number;
  byHour: number[];
  hourCount: number[];
  errors: Errors;
  /** Of the errors of the last hours, the share above each of LEVELS (tame.ts). */
  exceeded: number[];
}

/** How often an error of so many spreads came in calm times and in wild ones, the newest counting most; each sums to 1. */
export interface Errors {
  readonly calm: number[];
  readonly wild: number[];
}

export interface Pending {
  readonly minute: number;
  readonly features: readonly number[];
  readonly clues: readonly number[];
  /** y when it was made, the change that was forecast, and the spread. */
  readonly y: number;
  readonly change: number;
  readonly spread: number;
  /** From 0, when times were calm for this service, to 1, when they were wild. */
  readonly wild: number;
}

/** Fleets that are played along, one for each of WAYS (replay.ts). */
export interface Replay {
  /** Minutes of the block that is not finished, and its messages. */
  minutes: number;
  messages: number;
  /** Finished blocks, and their mean number of messages. */
  blocks: number;
  meanMessages: number;
  /** Messages that were late in truth: of the block that is not finished (NONE: nobody looked), and as a mean share. */
  reallyLate: number;
  realShare: number;
  /** Blocks behind that share. */
  realBlocks: number;
  /** Late messages of a fleet that is often late (TELLTALE in replay.ts), in the last blocks, oldest first; replaced. */
  lately: readonly number[];
  fleets: Played[];
}

export interface Played {
  ready: number;
  /** Minute in which each booting unit is ready, oldest first. */
  booting: number[];
  /** Messages that wait. */
  queue: number;
  /** Units wanted in the last minutes, oldest first. */
  wanted: number[];
  /** Late messages and unit-minutes of the block that is not finished. */
  late: number;
  cost: number;
  /** Means over blocks: late messages as a share of a mean block, and unit-minutes. */
  lateShare: number;
  meanCost: number;
}

/** Minutes ahead that are forecast. */
export const HORIZONS = [2, 6, 11, 21] as const;
export const NONE = -99;
export const STEP_MINUTES = 5;
export const DAY_STEPS = 288;
export const WEEK_STEPS = 2016;
export const PAST_STEPS = WEEK_STEPS + 12;
export const FEATURES = 14;
export const CLUES = 12;
export const ERROR_BINS = 80;
export const RECENT = 31;

/** Rounded, so that tables stay short as text; the error is far below what a forecast resolves. JSON has no -0. */
export const round = (value: number): number => Math.round(value * 1e5) / 1e5 + 0;

/** A copy that may be changed; what is never changed in place is shared. */
export function copyOf(memory: LoadMemory): LoadMemory {
  const { season, fits, replay } = memory;
  return {
    ...memory,
    averages: memory.averages.slice(),
    recent: memory.recent.slice(),
    season: { ...season },
    fits: fits.map(copyOfFit),
    replay: { ...replay, fleets: replay.fleets.map(copyOfFleet) },
  };
}

// Written out: these two make most of the work of a copy.
function copyOfFit(fit: Fit): Fit {
  const { change, wildness, pending, lately, longRun, byHour, hourCount, errors, exceeded } = fit;
  return {
    change: copyOfRegression(change),
    wildness: copyOfRegression(wildness),
    pending: pending.slice(),
    lately,
    longRun,
    byHour: byHour.slice(),
    hourCount: hourCount.slice(),
    errors: { calm: errors.calm.slice(), wild: errors.wild.slice() },
    exceeded: exceeded.slice(),
  };
}

function copyOfFleet({ ready, booting, queue, wanted, late, cost, lateShare, meanCost }: Played): Played {
  return { ready, booting: booting.slice(), queue, wanted: wanted.slice(), late, cost, lateShare, meanCost };
}
