import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { csvOf } from '../../test/bench/autoscaler-traces';
import { simulateCommand } from './command';
import { smallTrace } from './fixture-worlds';

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'edwin-simulate-'));
  file = join(folder, 'load.csv');
  writeFileSync(file, csvOf(smallTrace(1, 420)));
});
afterAll(() => rmSync(folder, { recursive: true }));

function simulated(...argv: string[]): { status: number; out: string; err: string } {
  let [out, err] = ['', ''];
  const status = simulateCommand(argv, {
    out: { write: (text) => (out += text) },
    err: { write: (text) => (err += text) },
  });
  return { status, out, err };
}

test('--json prints one object with exactly the promised keys, the same for the same seed', () => {
  const argv = ['--trace', file, '--policy=keda-rate', '--from', '2024-01-01T05:00', '--json'];
  const first = simulated(...argv);
  expect(first).toMatchObject({ status: 0, err: '' });
  const result = JSON.parse(first.out) as Record<string, number>;
  expect(Object.keys(result)).toEqual([
    'trace',
    'policy',
    'from',
    'nodeHours',
    'optimalNodeHours',
    'ratio',
    'slo',
    'launches',
    'workerHours',
    'p99WaitSeconds',
    'maxQueueAgeSeconds',
  ]);
  expect(result).toMatchObject({ trace: 'load.csv', policy: 'keda-rate', from: '2024-01-01T05:00:00.000Z' });
  expect(result['ratio']).toBeCloseTo(result['nodeHours']! / result['optimalNodeHours']!, 12);
  expect(simulated(...argv).out).toBe(first.out);
  expect(simulated(...argv, '--seed', '2').out).not.toBe(first.out);
});

test('without --json a table stands beside the optimum, with its bound', () => {
  const { out, status } = simulated('--trace', file, '--policy', 'static', '--boot', '120', '--boot-jitter', '2');
  expect(status).toBe(0);
  expect(out).toMatch(
    /^load\.csv, scored from 2024-01-01T03:30 to 2024-01-01T07:00 \(0\.1 days\)\nboot 120 s, seed 1, boots vary by 2×/,
  );
  expect(out).toMatch(/node-hours +70 +\d+\nratio to the optimum +\d\.\d{3} +1\n/);
  expect(out).toMatch(/lower bound is \d+ node-hours, 0\.\d\d % away/);
});

test('--help says what there is', () => {
  const { out, status } = simulated('--help');
  expect(status).toBe(0);
  for (const word of ['--trace', '--launch-failure', 'keda-cron', 'flash-crowd', '--json']) expect(out).toContain(word);
});

test.each([
  [[], '--trace FILE is missing.'],
  [['--trace'], '--trace needs a value.'],
  [['--trace', 'x.csv', '--polcy', 'hpa'], 'There is no option "--polcy".'],
  [['--trace', 'x.csv', 'hpa'], 'There is no option "hpa".'],
  [['--trace', 'x.csv', '--policy', 'magic'], '--policy magic: one of edwin, hpa, keda-queue'],
  [['--trace', 'x.csv', '--boot', 'ten'], '--boot ten: a number from 0 to 7200 is expected.'],
  [['--trace', 'x.csv', '--metric-loss', '1'], '--metric-loss 1: a number from 0 to 0.9 is expected.'],
  [['--trace', 'x.csv', '--from', 'noon'], '--from noon: a time such as 2014-09-01T00:00 is expected.'],
  [['--trace', 'x.csv', '--scenario', 'flood'], '--scenario flood: one of shuffled-history'],
])('wrong usage %j ends with 2 and a remedy', (argv, message) => {
  const { status, out, err } = simulated(...argv);
  expect([status, out]).toEqual([2, '']);
  expect(err).toContain(message);
  expect(err).toContain('Type edwin autoscaler simulate --help.');
});

test('a time outside the trace, a missing file and a bad row are named', () => {
  expect(simulated('--trace', file, '--policy', 'hpa', '--from', '2023-01-01').err).toContain(
    '--from 2023-01-01T00:00 is outside the trace, which spans 2024-01-01T00:00 to 2024-01-01T07:00.',
  );
  expect(simulated('--trace', join(folder, 'none.csv')).err).toContain('can not be read: there is no such file.');
  expect(simulated('--trace', folder).err).toContain('can not be read: it is a folder.');
  const bad = join(folder, 'bad.csv');
  writeFileSync(bad, 'timestamp,count\n2024-01-01T00:00,1\n2024-01-01T00:01,many\n2024-01-01T00:02,1\n');
  expect(simulated('--trace', bad)).toEqual({
    status: 2,
    out: '',
    err: 'bad.csv: line 3: "many" is no count. A trace is rows of timestamp,count in the order of time, in one step of 1 s to 1 h.\n',
  });
});
