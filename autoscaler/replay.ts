import { NONE, type Played, type Replay } from './memory';

/**
 * The forecast's own past is played along with fleets that differ in how sure they want to be and how long they keep. Each fleet launches,
 * boots, serves and queues as the real one would have, so that the way to go on is chosen by what it would have
 * cost and how many messages it would have let wait, not by theory.
 */
const LOGITS = [0.5, 1.5, 2.3, 3, 3.6, 4.2, 4.8, 5.5, 6.2, 7];
/** For how many boots what is no longer wanted is kept: around the break-even with booting again. */
const KEEPS = [1, 1.7];
export const SHORTEST_KEEP = KEEPS[0]!;
export const LONGEST_KEEP = KEEPS.at(-1)!;

/** A way to run a fleet: the quantile of the forecast it is built for, 0..1, and how long it keeps, in boots. */
export interface Way {
  readonly sure: number;
  readonly keep: number;
}

export const WAYS: readonly Way[] = LOGITS.flatMap((logit) =>
  KEEPS.map((keep) => ({ sure: 1 / (1 + Math.exp(-logit)), keep })),
);

/** The way of a fleet that is late so often that a day tells whether times are calm. */
export const TELLTALE = 3;
export const LATELY_BLOCKS = 4;

/** What a fleet has to be good for. Units are the smallest step in which capacity grows (a host, or an instance). */
export interface Plant {
  /** Messages per second of one unit. */
  readonly unitRate: number;
  readonly bootMinutes: number;
  readonly least: number;
  readonly most: number;
  /** A message that waits longer is late. */
  readonly withinSeconds: number;
  /** Fixes for how many minutes what is no longer wanted is kept; undefined: each way its own. */
  readonly keepMinutes: number | undefined;
}

/** Late messages are judged by blocks of six hours, the last two weeks of which count most: bad hours are rare. */
const BLOCK_MINUTES = 360;
const BLOCKS = 56;
/** Before anything was played: so many late messages come from forecasts that fall short, worth so many blocks. */
const PRIOR_LATE = 0.4;
const PRIOR_BLOCKS = 4;

export function newReplay(): Replay {
  return {
    minutes: 0,
    messages: 0,
    blocks: 0,
    meanMessages: 0,
    reallyLate: NONE,
    realShare: 0,
    realBlocks: 0,
    lately: [],
    fleets: WAYS.map(({ sure }) => {
      const late = PRIOR_LATE * (1 - sure);
      const empty = { ready: 0, booting: [], queue: 0, wanted: [], late: 0, cost: 0, meanCost: 0 };
      return { ...empty, lateShare: late };
    }),
  };
}

/** A minute to play; loads are messages per second. */
export interface Moment {
  readonly minute: number;
  readonly load: number;
  /** Mean load of the last minutes, this one included. */
  readonly lately: number;
  /** The middle of the forecast in each minute of a boot. */
  readonly foreseen: readonly number[];
  /** What a way would want for the end of a boot. */
  need(sure: number): number;
}

/** Plays one minute with each way; `replay` is changed. */
export function play(replay: Replay, { minute, load, lately, foreseen, need }: Moment, plant: Plant): void {
  let needed = 0;
  replay.fleets.forEach((fleet, i) => {
    const { sure, keep } = WAYS[i]!;
    serve(fleet, minute, load, plant);
    if (WAYS[i - 1]?.sure !== sure) needed = need(sure);
    const surge = surgeOf(load, lately, fleet.queue, fleet.ready, plant);
    const path = surge > 0 ? foreseen.map((expected) => Math.max(expected, surge)) : foreseen;
    const backlog = backlogAfterBoot(fleet.queue, fleet.ready, fleet.booting, minute, path, plant);
    const keepMinutes = plant.keepMinutes ?? Math.max(1, Math.round(keep * plant.bootMinutes));
    follow(fleet, minute, Math.max(surge, needed), backlog, plant, keepMinutes);
  });
  replay.minutes += 1;
  replay.messages += load * 60;
  if (replay.minutes >= BLOCK_MINUTES) finishBlock(replay);
}

function serve(fleet: Played, minute: number, load: number, { unitRate, withinSeconds, least }: Plant): void {
  if (fleet.ready === 0) fleet.ready = Math.max(least, Math.ceil((load * 1.3) / unitRate));
  while (fleet.booting.length > 0 && fleet.booting[0]! <= minute) {
    fleet.booting.shift();
    fleet.ready += 1;
  }
  const before = fleet.queue;
  const after = Math.max(0, before + (load - fleet.ready * unitRate) * 60);
  fleet.queue = after;
  fleet.late += lateShare(before, after, withinSeconds * fleet.ready * unitRate) * load * 60;
  fleet.cost += fleet.ready + fleet.booting.length;
}

/** The share of a minute in which a queue that grows or shrinks steadily is longer than allowed. */
function lateShare(before: number, after: number, allowed: number): number {
  const [low, high] = before < after ? [before, after] : [after, before];
  if (high <= allowed) return 0;
  return low >= allowed ? 1 : (high - allowed) / (high - low);
}

function follow(fleet: Played, minute: number, need: number, backlog: number, plant: Plant, keepMinutes: number): void {
  const have = fleet.ready + fleet.booting.length;
  const wanted = unitsFor(need, backlog, plant);
  fleet.wanted.push(fleet.queue > have * plant.unitRate * 2.5 ? Math.max(wanted, have) : wanted);
  const launch = launchable(wanted, fleet.wanted.at(-2) ?? wanted, have, fleet.queue > 0);
  while (fleet.wanted.length > keepMinutes) fleet.wanted.shift();
  const target = Math.max(...fleet.wanted);
  if (launch > have) for (let i = have; i < launch; i++) fleet.booting.push(minute + 1 + plant.bootMinutes);
  else if (target < have) fleet.ready = Math.max(plant.least, 1, fleet.ready - (have - target));
}

/** So large a part of the fleet, and one, is launched in the minute it is first wanted. */
const STEEP = 0.15;

/**
 * Units up to which may be launched now. Few more are launched once they were wanted in the minute before as well: most
 * such wishes pass, and each launch is paid for as long as it boots and is kept. Many more, and what is wanted while
 * messages wait, are launched at once.
 */
export function launchable(wanted: number, before: number, have: number, waiting: boolean): number {
  const steady = Math.min(wanted, before);
  return waiting || wanted - steady > STEEP * have + 1 ? wanted : steady;
}

/** Within so many minutes a backlog is worked off once new hosts work: it is rare, and all that comes waits behind it. */
export const DRAIN_MINUTES = 1.5;
/** A load that is so many times that of the last minutes is on its way up. */
const RISING = 1.5;

/**
 * The load that hosts launched now have to carry at least, messages per second: 0 while nobody is late, since a wobble
 * passes. Once messages are late, what comes is taken to go on, and a steep rise to go on for as much again.
 */
export function surgeOf(
  load: number,
  lately: number,
  queue: number,
  ready: number,
  { unitRate, withinSeconds }: Pick<Plant, 'unitRate' | 'withinSeconds'>,
): number {
  if (queue <= withinSeconds * ready * unitRate) return 0;
  return load > RISING * lately ? 2 * load - lately : load;
}

/** Units for a load and for working off a backlog. */
function unitsFor(need: number, backlog: number, { unitRate, least, most }: Plant): number {
  const extra = backlog > unitRate * 12 ? Math.ceil(backlog / (unitRate * 60 * DRAIN_MINUTES)) : 0;
  return Math.min(most, Math.max(least, Math.ceil(need / unitRate - 1e-9) + extra));
}

/** Messages that will wait when a unit launched now is ready, counting those that boot already. */
export function backlogAfterBoot(
  queue: number,
  ready: number,
  booting: readonly number[],
  minute: number,
  foreseen: readonly number[],
  { unitRate, bootMinutes }: Pick<Plant, 'unitRate' | 'bootMinutes'>,
): number {
  let waiting = queue;
  let units = ready;
  let next = 0;
  if (queue === 0 && foreseen.every((load) => load <= ready * unitRate)) return 0;
  for (let ahead = 1; ahead <= bootMinutes; ahead++) {
    while (next < booting.length && booting[next]! <= minute + ahead) {
      next += 1;
      units += 1;
    }
    waiting = Math.max(0, waiting + ((foreseen[ahead - 1] ?? 0) - units * unitRate) * 60);
  }
  return waiting;
}

/** Counts messages that began too late in truth, of all that came; `replay` is changed. */
export function countReallyLate(replay: Replay, late: number): void {
  replay.reallyLate = Math.max(0, replay.reallyLate) + late;
}

function finishBlock(replay: Replay): void {
  const count = Math.min(BLOCKS, replay.blocks + 1);
  replay.meanMessages += (replay.messages - replay.meanMessages) / count;
  const part = 1 / Math.min(BLOCKS, replay.blocks + 1 + PRIOR_BLOCKS);
  if (replay.reallyLate !== NONE && replay.meanMessages > 0) {
    replay.realBlocks = Math.min(BLOCKS, replay.realBlocks + 1);
    replay.realShare += (replay.reallyLate / replay.meanMessages - replay.realShare) / replay.realBlocks;
    replay.reallyLate = 0;
  }
  const telltale = replay.meanMessages > 0 ? replay.fleets[TELLTALE]!.late / replay.meanMessages : 0;
  replay.lately = [...replay.lately, telltale].slice(-LATELY_BLOCKS);
  for (const fleet of replay.fleets) {
    const share = replay.meanMessages > 0 ? fleet.late / replay.meanMessages : 0;
    fleet.lateShare += (share - fleet.lateShare) * part;
    fleet.meanCost += (fleet.cost - fleet.meanCost) / count;
    fleet.late = 0;
    fleet.cost = 0;
  }
  replay.blocks = count;
  replay.minutes = 0;
  replay.messages = 0;
}
