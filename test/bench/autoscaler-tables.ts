import type { ScenarioAnswer, TraceAnswer } from './autoscaler-tasks';
import { disturbances } from './autoscaler-tasks';

export const PROMISE = 0.99;
const OURS = 'edwin';

/** How one policy did over all traces. */
export interface Summary {
  readonly policy: string;
  /** Geometric mean and worst of the ratios to the optimum. */
  readonly mean: number;
  readonly worst: number;
  /** Traces on which the promise was kept. */
  readonly kept: number;
  readonly nodeHours: number;
  readonly launches: number;
}

export function summaries(traces: readonly TraceAnswer[]): Summary[] {
  const names = traces[0]?.results.map(({ policy }) => policy) ?? [];
  return names.map((policy) => {
    const results = traces.map(({ results }) => results.find((result) => result.policy === policy)!);
    const ratios = results.map(({ ratio }) => ratio);
    return {
      policy,
      mean: geometricMean(ratios),
      worst: Math.max(...ratios),
      kept: results.filter(({ slo }) => slo >= PROMISE).length,
      nodeHours: results.reduce((sum, result) => sum + result.nodeHours, 0),
      launches: results.reduce((sum, result) => sum + result.launches, 0),
    };
  });
}

export const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

export const share = (value: number): string => `${(100 * value).toFixed(2)} %`;

export function printTraces(traces: readonly TraceAnswer[]): void {
  for (const { name, days, results, hindsight, optimum, seconds } of traces) {
    console.log(
      `\n${name}: ${days.toFixed(1)} days, optimum ${optimum.nodeHours.toFixed(0)} node-hours (bound ${share(optimum.gap)} away), ${optimum.launches} launches; ${seconds.toFixed(0)} s`,
    );
    for (const { policy, ratio, slo, launches, nodeHours } of [...results, ...(hindsight ? [hindsight] : [])])
      console.log(
        `  ${policy.padEnd(16)} ratio ${ratio.toFixed(3)}   slo ${share(slo).padStart(8)}${slo < PROMISE ? ' broken' : '       '}   launches ${String(launches).padStart(5)}   node-hours ${nodeHours.toFixed(0)}`,
      );
  }
  console.log('\nAll traces: ratio to the optimum, geometric mean and worst; promise kept on; sums');
  for (const { policy, mean, worst, kept, nodeHours, launches } of summaries(traces))
    console.log(
      `  ${policy.padEnd(16)} ${mean.toFixed(3)} (${worst.toFixed(2)})   ${kept} of ${traces.length}   node-hours ${nodeHours.toFixed(0)}   launches ${launches}`,
    );
}

/** Ours beside the cheapest reactive peer that keeps the promise in the same disturbance on the same trace. */
export interface Comparison {
  readonly trace: string;
  readonly peer: string;
  /** Our node-hours over the peer's. */
  readonly cost: number;
  readonly slo: number;
  readonly recovery: number | undefined;
  readonly peerRecovery: number | undefined;
}

export function comparisons(answers: readonly ScenarioAnswer[], scenario: string): Comparison[] {
  return answers.flatMap(({ scenario: name, trace, runs }) => {
    if (name !== scenario) return [];
    const ours = runs.find(({ policy }) => policy === OURS);
    const best = runs
      .filter(({ policy, slo }) => policy !== OURS && slo >= PROMISE)
      .sort((a, b) => a.nodeHours - b.nodeHours)[0];
    if (!ours || !best) return [];
    return {
      trace,
      peer: best.policy,
      cost: ours.nodeHours / best.nodeHours,
      slo: ours.slo,
      recovery: ours.recoverySeconds,
      peerRecovery: best.recoverySeconds,
    };
  });
}

export function printDisturbances(answers: readonly ScenarioAnswer[]): void {
  console.log('\nDisturbed: cost beside the cheapest reactive peer that keeps the promise there');
  for (const [scenario, { what }] of Object.entries(disturbances)) {
    console.log(`  ${what}`);
    for (const { trace, peer, cost, slo, recovery, peerRecovery } of comparisons(answers, scenario)) {
      const back = recovery === undefined ? '' : `   back after ${recovery} s (${peer} ${peerRecovery} s)`;
      console.log(
        `    ${trace.padEnd(30)} ${cost.toFixed(2)} × ${peer.padEnd(18)} slo ${share(slo)}${slo < PROMISE ? ' broken' : ''}${back}`,
      );
    }
  }
}
