import type { Optimum } from './optimum';
import type { SimulateResult } from './result';
import { msOf, type World } from './world';

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
const share = (value: number): string => `${(100 * value).toFixed(2)} %`;

/** The result for a person: the policy beside the optimum, and how sure the optimum is. */
export function table(result: SimulateResult, best: Optimum, world: World): string {
  const days = (world.ticks - world.fromTick) / 17_280;
  const rows: [string, string, string][] = [
    ['', result.policy, 'optimum'],
    ['node-hours', whole(result.nodeHours), whole(best.nodeHours)],
    ['ratio to the optimum', result.ratio.toFixed(3), '1'],
    ['begun within 5 s', share(result.slo), share(best.slo)],
    ['launches', whole(result.launches), whole(best.launches)],
    ['worker-hours', whole(result.workerHours), ''],
    ['99 % waited less than', `${result.p99WaitSeconds.toFixed(1)} s`, ''],
    ['oldest message', `${result.maxQueueAgeSeconds.toFixed(0)} s`, ''],
  ];
  const broken = result.slo < 0.99 ? ['The promise, 99 % within 5 s, is not kept: the ratio says nothing.'] : [];
  return [
    `${result.trace}, scored from ${result.from.slice(0, 16)} to ${iso(msOf(world, world.ticks))} (${days.toFixed(1)} days)`,
    `boot ${world.bootSeconds} s, seed ${world.seed}${mishaps(world)}`,
    '',
    ...rows.map(([name, policy, optimal]) => `${name.padEnd(24)}${policy.padStart(15)}${optimal.padStart(12)}`),
    '',
    ...broken,
    `The optimum knows the future; its lower bound is ${whole(best.bound)} node-hours, ${share(best.gap)} away.`,
    `Without any late message it costs ${whole(best.strictNodeHours)}.`,
  ].join('\n');
}

function mishaps({ mishaps: { bootJitter, launchFailure, serviceDrift, metricDelay, metricLoss } }: World): string {
  return [
    bootJitter > 1 && `, boots vary by ${bootJitter}×`,
    launchFailure > 0 && `, ${share(launchFailure)} of launches fail`,
    serviceDrift > 0 && `, service rate ± ${share(serviceDrift)}`,
    metricDelay > 0 && `, metrics ${metricDelay} s late`,
    metricLoss > 0 && `, metrics missing ${share(metricLoss)} of the time`,
  ]
    .filter(Boolean)
    .join('');
}

const iso = (ms: number): string => new Date(ms).toISOString().slice(0, 16);
