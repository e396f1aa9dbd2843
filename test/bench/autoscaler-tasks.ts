import { type Optimum, optimum } from '../../autoscaler/simulate/optimum';
import { awsTarget } from '../../autoscaler/simulate/peers/aws';
import { hpa } from '../../autoscaler/simulate/peers/hpa';
import { kedaRate } from '../../autoscaler/simulate/peers/keda';
import { policies } from '../../autoscaler/simulate/policies';
import { plant, type SimulatedPolicy } from '../../autoscaler/simulate/policy';
import { resultOf, type SimulateResult } from '../../autoscaler/simulate/result';
import { recoverySeconds, scenarios } from '../../autoscaler/simulate/scenarios';
import { type Run, simulate } from '../../autoscaler/simulate/simulate';
import { msOf, openWorld, TICKS_PER_MINUTE, type World, type WorldSettings } from '../../autoscaler/simulate/world';
import { traceIn } from './autoscaler-files';

/** What a worker process is asked: all policies on one trace, or the reactive ones and ours in one disturbance. */
export type Task =
  | { readonly kind: 'trace'; readonly file: string; readonly seed: number }
  | { readonly kind: 'scenario'; readonly file: string; readonly seed: number; readonly scenario: string };

export type Answer =
  | { readonly kind: 'trace'; readonly trace: TraceAnswer }
  | { readonly kind: 'scenario'; readonly scenario: ScenarioAnswer };

export interface TraceAnswer {
  readonly name: string;
  readonly days: number;
  readonly bootSeconds: number;
  readonly results: readonly SimulateResult[];
  readonly optimum: Omit<Optimum, 'hosts'>;
  /** KEDA with the setting that is cheapest on this very trace: what nobody could have chosen before. */
  readonly hindsight: SimulateResult | undefined;
  readonly picture: Picture;
  readonly seconds: number;
}

/** Ten-minute means around the highest load. */
export interface Picture {
  readonly startMs: number;
  readonly binMs: number;
  /** Hosts that the arriving messages keep busy. */
  readonly load: readonly number[];
  /** Paid hosts by policy, and `optimum`. */
  readonly hosts: Readonly<Record<string, readonly number[]>>;
}

export interface ScenarioAnswer {
  readonly scenario: string;
  readonly trace: string;
  readonly runs: readonly {
    readonly policy: string;
    readonly nodeHours: number;
    readonly slo: number;
    readonly launches: number;
    /** Until the promise is back, where there was a moment of disturbance. */
    readonly recoverySeconds: number | undefined;
  }[];
}

const reactive = ['hpa', 'keda-queue', 'keda-rate', 'aws-target', 'nomad'];
/** Beside their single settings, reactive peers play settings that are cheaper and keep the promise on fewer curves. */
const cheaper: Readonly<Record<string, () => SimulatedPolicy>> = {
  'hpa at 0.45': () => hpa(0.45),
  'keda-rate at 5.5': () => kedaRate(5.5),
  'keda-rate at 7.5': () => kedaRate(7.5),
  'aws-target at 0.55': () => awsTarget(0.55),
};
/** Scored are the last days of a trace; where it is disturbed once, so many that the promise can still be kept. */
const SCENARIO_DAYS = 4;
const ONCE_DAYS = 14;
const once = new Set(['flash-crowd', 'retry-storm']);
const DAY_TICKS = 1440 * TICKS_PER_MINUTE;

export const disturbances: Readonly<
  Record<string, { readonly what: string; readonly settings: Partial<WorldSettings> }>
> = {
  'shuffled-history': { what: 'history shuffled', settings: { scenario: scenarios['shuffled-history']! } },
  'missing-day': { what: 'the day before is missing', settings: { scenario: scenarios['missing-day']! } },
  'flash-crowd': { what: 'flash crowd, ×5 in 3 minutes', settings: { scenario: scenarios['flash-crowd']! } },
  'retry-storm': {
    what: 'outage of 30 minutes, then a retry storm',
    settings: { scenario: scenarios['retry-storm']! },
  },
  'slow-boots': { what: 'boots take 5 to 20 minutes', settings: { bootJitter: 2 } },
  'service-rate': { what: 'service rate off by up to 30 %', settings: { serviceDrift: 0.3 } },
  launches: { what: 'a tenth of the launches fail', settings: { launchFailure: 0.1 } },
  metrics: { what: 'metrics a minute late, missing 5 % of the time', settings: { metricDelay: 60, metricLoss: 0.05 } },
};

export function work(task: Task): Answer {
  return task.kind === 'trace'
    ? { kind: 'trace', trace: playTrace(task.file, task.seed) }
    : { kind: 'scenario', scenario: playScenario(task.file, task.seed, task.scenario) };
}

function playTrace(file: string, seed: number): TraceAnswer {
  const began = Date.now();
  const world = openWorld({ trace: traceIn(file), seed });
  const runs = Object.values(policies).map((make) => simulate(world, make()));
  const best = optimum(world);
  const { hosts, ...figures } = best;
  return {
    name: world.name,
    bootSeconds: world.bootSeconds,
    days: (world.ticks - world.fromTick) / DAY_TICKS,
    results: runs.map((run) => resultOf(world, run, best)),
    optimum: figures,
    hindsight: kedaInHindsight(world, best),
    picture: pictureOf(world, runs, hosts),
    seconds: (Date.now() - began) / 1000,
  };
}

const settings = [3, 3.5, 4.5, 5.5, 6.5, 7, 7.5, 8, 8.5, 9];

function kedaInHindsight(world: World, best: Optimum): SimulateResult | undefined {
  return settings
    .map((target) => ({
      ...resultOf(world, simulate(world, kedaRate(target)), best),
      policy: `keda-rate at ${target}`,
    }))
    .filter(({ slo }) => slo >= 0.99)
    .sort((a, b) => a.nodeHours - b.nodeHours)[0];
}

function playScenario(file: string, seed: number, name: string): ScenarioAnswer {
  const { settings } = disturbances[name]!;
  const trace = traceIn(file);
  const end = trace.startMs + trace.counts.length * trace.stepSeconds * 1000;
  const plain = openWorld({ trace, seed });
  const from = Math.max(msOf(plain, plain.fromTick), end - (once.has(name) ? ONCE_DAYS : SCENARIO_DAYS) * 86_400_000);
  const world = openWorld({ trace, seed, from, ...settings });
  const { eventTick, fromTick } = world;
  const runs = Object.entries({ ...policies, ...cheaper })
    .filter(([policy]) => reactive.includes(policy) || policy in cheaper || policy === 'edwin')
    .map(([policy, make]) => {
      const { score, series } = simulate(world, make());
      const minute = eventTick === undefined ? undefined : Math.floor((eventTick - fromTick) / TICKS_PER_MINUTE);
      return {
        policy,
        nodeHours: score.nodeHours,
        slo: score.slo,
        launches: score.launches,
        recoverySeconds: minute === undefined ? undefined : recoverySeconds(series, minute),
      };
    });
  return { scenario: name, trace: world.name, runs };
}

const PICTURE_MINUTES = 4 * 1440;
const BIN_MINUTES = 10;

function pictureOf(world: World, runs: readonly Run[], optimal: Uint8Array): Picture {
  const { arrived } = runs[0]!.series;
  const peak = arrived.indexOf(arrived.reduce((a, b) => Math.max(a, b), 0));
  const length = Math.min(PICTURE_MINUTES, arrived.length);
  const first = Math.max(0, Math.min(arrived.length - length, peak - Math.floor(length / 2)));
  const binned = (values: ArrayLike<number>, per = 1): number[] =>
    Array.from({ length: Math.floor(length / BIN_MINUTES) }, (_, bin) => {
      let sum = 0;
      for (let minute = 0; minute < BIN_MINUTES; minute++) sum += values[first + bin * BIN_MINUTES + minute] ?? 0;
      return Math.round((100 * sum) / BIN_MINUTES / per) / 100;
    });
  return {
    startMs: msOf(world, world.fromTick) + first * 60_000,
    binMs: BIN_MINUTES * 60_000,
    load: binned(arrived, plant.hostRate * 60),
    hosts: Object.fromEntries([
      ...runs.map((run) => [run.policy, binned(run.series.hosts)]),
      ['optimum', binned(optimal)],
    ]),
  };
}
