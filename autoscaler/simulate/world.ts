import { plant } from './policy';
import { openRandom, poisson } from './random';
import { expectedRate } from './rate';
import type { Scenario } from './scenarios';
import type { Trace } from './trace';

/** How a simulation departs from the plain case. All are off by default. */
export interface Mishaps {
  /** Boots take between a part and a multiple of the ordinary time: 2 is half to double. */
  readonly bootJitter: number;
  /** Share of launches that never come up. */
  readonly launchFailure: number;
  /** The service rate moves to another factor within ± this share, once in twelve hours on average. */
  readonly serviceDrift: number;
  /** Seconds that metrics arrive late. */
  readonly metricDelay: number;
  /** Share of the time in which metrics can not be read, three minutes in a row on average. */
  readonly metricLoss: number;
}

export interface WorldSettings extends Partial<Mishaps> {
  readonly trace: Trace;
  /** Where scores begin, ms; default: the second half, or the last two days of a trace of less than ten days. */
  readonly from?: number;
  /** Seconds a host boots. */
  readonly boot?: number;
  readonly seed?: number;
  /** Changes the expected rate before messages are drawn from it. */
  readonly scenario?: Scenario;
}

/** Everything that happens to a policy whatever it does. Ticks of 5 s are counted from the trace's beginning. */
export interface World {
  readonly name: string;
  readonly startMs: number;
  readonly ticks: number;
  /** Messages that come in each tick. */
  readonly arrivals: Int32Array;
  /** Messages per second that were expected. */
  readonly rate: Float64Array;
  /** Of the plain service rate; undefined: 1 throughout. */
  readonly speed: Float32Array | undefined;
  /** Ticks whose metrics can not be read; undefined: none. */
  readonly lost: Uint8Array | undefined;
  /** Arrivals per minute as they are measured: NaN when lost. */
  readonly minutes: Float64Array;
  /** The simulation begins some time before the scores, so that every policy has found its pace. */
  readonly firstTick: number;
  readonly fromTick: number;
  /** When the scenario's disturbance begins. */
  readonly eventTick: number | undefined;
  readonly bootSeconds: number;
  readonly seed: number;
  readonly mishaps: Mishaps;
}

export const TICKS_PER_MINUTE = 60 / plant.tickSeconds;
const TICKS_PER_DAY = 1440 * TICKS_PER_MINUTE;
const WARM_UP_TICKS = 120 * TICKS_PER_MINUTE;
const MEAN_LOSS_TICKS = 3 * TICKS_PER_MINUTE;
const MEAN_DRIFT_TICKS = TICKS_PER_DAY / 2;

export function openWorld(settings: WorldSettings): World {
  const { trace, seed = 1, boot = 600, scenario } = settings;
  const { bootJitter = 1, launchFailure = 0, serviceDrift = 0, metricDelay = 0, metricLoss = 0 } = settings;
  const rate = expectedRate(trace);
  const ticks = Math.floor(rate.length / TICKS_PER_MINUTE) * TICKS_PER_MINUTE;
  const startMs = Math.floor(trace.startMs / 60_000) * 60_000;
  const fromTick = settings.from === undefined ? defaultFrom(ticks) : tickOf(settings.from, startMs, ticks);
  const eventTick = scenario?.(rate, fromTick, seed);
  const random = openRandom(seed, 'arrivals');
  const arrivals = new Int32Array(ticks);
  for (let tick = 0; tick < ticks; tick++) arrivals[tick] = poisson(rate[tick]! * plant.tickSeconds, random);
  const lost = metricLoss > 0 ? losses(ticks, metricLoss, seed) : undefined;
  return {
    name: trace.name,
    startMs,
    ticks,
    arrivals,
    rate,
    speed: serviceDrift > 0 ? drift(ticks, serviceDrift, seed) : undefined,
    lost,
    minutes: perMinute(arrivals, lost),
    firstTick: Math.max(0, fromTick - WARM_UP_TICKS),
    fromTick,
    eventTick,
    bootSeconds: boot,
    seed,
    mishaps: { bootJitter, launchFailure, serviceDrift, metricDelay, metricLoss },
  };
}

export const msOf = (world: World, tick: number): number => world.startMs + tick * plant.tickSeconds * 1000;

function defaultFrom(ticks: number): number {
  const scored = ticks < 10 * TICKS_PER_DAY ? Math.min(2 * TICKS_PER_DAY, ticks / 2) : ticks / 2;
  return Math.floor((ticks - scored) / TICKS_PER_MINUTE) * TICKS_PER_MINUTE;
}

function tickOf(at: number, startMs: number, ticks: number): number {
  const minute = Math.floor((at - startMs) / 60_000);
  return Math.min(ticks - TICKS_PER_MINUTE, Math.max(0, minute * TICKS_PER_MINUTE));
}

function perMinute(arrivals: Int32Array, lost: Uint8Array | undefined): Float64Array {
  const minutes = new Float64Array(arrivals.length / TICKS_PER_MINUTE);
  for (let tick = 0; tick < arrivals.length; tick++) {
    const minute = Math.floor(tick / TICKS_PER_MINUTE);
    minutes[minute]! += lost?.[tick] ? Number.NaN : arrivals[tick]!;
  }
  return minutes;
}

/** Off and on with exponential lengths, so that the whole adds up to the share. */
function losses(ticks: number, share: number, seed: number): Uint8Array {
  const random = openRandom(seed, 'losses');
  const lost = new Uint8Array(ticks);
  const meanGap = (MEAN_LOSS_TICKS * (1 - share)) / share;
  for (let tick = 0; tick < ticks; ) {
    tick += 1 + Math.floor(-Math.log(1 - random()) * meanGap);
    const end = tick + 1 + Math.floor(-Math.log(1 - random()) * MEAN_LOSS_TICKS);
    lost.fill(1, tick, end);
    tick = end;
  }
  return lost;
}

function drift(ticks: number, share: number, seed: number): Float32Array {
  const random = openRandom(seed, 'drift');
  const speed = new Float32Array(ticks);
  for (let tick = 0; tick < ticks; ) {
    const end = tick + 1 + Math.floor(-Math.log(1 - random()) * MEAN_DRIFT_TICKS);
    speed.fill(1 + share * (2 * random() - 1), tick, end);
    tick = end;
  }
  return speed;
}
