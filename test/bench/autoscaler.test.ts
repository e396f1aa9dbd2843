import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { smallTrace } from '../../autoscaler/simulate/fixture-worlds';
import { readTrace } from '../../autoscaler/simulate/trace';
import { traceFiles } from './autoscaler-files';
import { report } from './autoscaler-report';
import { comparisons, geometricMean, summaries } from './autoscaler-tables';
import { type ScenarioAnswer, work } from './autoscaler-tasks';
import { csvOf, madeUpTrace } from './autoscaler-traces';

test('made-up load curves are the same for a seed, differ between seeds, and survive being written', () => {
  for (const name of ['school', 'batches']) {
    const trace = madeUpTrace(name, 1);
    expect(madeUpTrace(name, 1).counts).toEqual(trace.counts);
    expect(madeUpTrace(name, 2).counts).not.toEqual(trace.counts);
  }
  const batches = madeUpTrace('batches', 3);
  expect(readTrace(batches.name, csvOf(batches))).toEqual(batches);
});

test('a folder without load curves is an error that says what to do', () => {
  const folder = mkdtempSync(join(tmpdir(), 'edwin-bench-'));
  expect(() => traceFiles(folder)).toThrow('name a folder of load curves with --traces or EDWIN_TRACES');
  rmSync(folder, { recursive: true });
});

test('all policies play a trace, and the report shows each of them beside the optimum', () => {
  const folder = mkdtempSync(join(tmpdir(), 'edwin-bench-'));
  const file = join(folder, 'small_load.csv');
  writeFileSync(file, csvOf(smallTrace(1, 360)));
  const answer = work({ kind: 'trace', file, seed: 1 });
  rmSync(folder, { recursive: true });
  if (answer.kind !== 'trace') throw new Error('a trace was asked for');
  const { trace } = answer;
  expect(trace.name).toBe('small_load');
  expect(trace.picture.load.length).toBe(18);
  const html = report([trace], [], 1);
  for (const { policy, ratio } of trace.results) {
    expect(html).toContain(`class="line ${policy}"`);
    expect(html).toContain(`${ratio.toFixed(3)}</td>`);
    expect(trace.picture.hosts[policy]).toHaveLength(18);
  }
  expect(html).not.toMatch(/https?:\/\//);
  expect(html).not.toContain('NaN');
});

test('a summary has the geometric mean, the worst and the kept promises of a policy', () => {
  const result = (ratio: number, slo: number): object => ({
    policy: 'x',
    ratio,
    slo,
    nodeHours: 10 * ratio,
    launches: 3,
  });
  const traces = [result(2, 0.995), result(8, 0.98)].map((one) => ({ results: [one] })) as never;
  expect(summaries(traces)).toEqual([{ policy: 'x', mean: 4, worst: 8, kept: 1, nodeHours: 100, launches: 6 }]);
  expect(geometricMean([1, 4])).toBe(2);
});

test('ours is compared with the cheapest peer that keeps the promise', () => {
  const run = (policy: string, nodeHours: number, slo: number): ScenarioAnswer['runs'][number] => ({
    policy,
    nodeHours,
    slo,
    launches: 1,
    recoverySeconds: nodeHours,
  });
  const answer: ScenarioAnswer = {
    scenario: 'flash-crowd',
    trace: 't',
    runs: [run('edwin', 90, 0.992), run('hpa', 120, 1), run('keda-queue', 100, 0.991), run('nomad', 50, 0.95)],
  };
  expect(comparisons([answer], 'flash-crowd')).toEqual([
    { trace: 't', peer: 'keda-queue', cost: 0.9, slo: 0.992, recovery: 90, peerRecovery: 100 },
  ]);
  expect(comparisons([answer], 'metrics')).toEqual([]);
});
