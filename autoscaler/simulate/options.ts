import { EdwinError } from '../../platform/errors';
import { policies } from './policies';
import { scenarios } from './scenarios';
import { readTime } from './trace';
import type { Mishaps } from './world';

export interface SimulateOptions {
  readonly trace: string;
  readonly policy: string;
  readonly from: number | undefined;
  readonly boot: number;
  readonly seed: number;
  readonly json: boolean;
  readonly scenario: string | undefined;
  readonly mishaps: Mishaps;
}

/** Numbers, with what they may be: [least, most, what it is]. */
const numbers = {
  '--boot': [0, 7200, 'SECONDS', 'a host boots (600)'],
  '--seed': [0, 2 ** 31, 'N', 'of the arrivals and mishaps (1)'],
  '--boot-jitter': [1, 10, 'FACTOR', 'boots take from 1/FACTOR to FACTOR times as long'],
  '--launch-failure': [0, 0.9, 'SHARE', 'of launches never come up'],
  '--service-drift': [0, 0.9, 'SHARE', 'the service rate moves within ± SHARE'],
  '--metric-delay': [0, 3600, 'SECONDS', 'metrics come late'],
  '--metric-loss': [0, 0.9, 'SHARE', 'of the time metrics can not be read'],
} as const;
type NumberOption = keyof typeof numbers;
const texts = ['--trace', '--policy', '--from', '--scenario'] as const;

export const simulateUsage = [
  `Usage: edwin autoscaler simulate --trace FILE [--policy ${Object.keys(policies).join('|')}]`,
  '         [--from TIME] [--boot SECONDS] [--seed N] [--json] [more below]',
  '',
  'Plays a policy against a load curve and compares it with the clairvoyant optimum.',
  '',
  '  --trace FILE            CSV of timestamp,count, one step of 1 s to 1 h; missing rows are zero',
  '  --policy NAME           edwin unless named',
  '  --from TIME             scores count from there (UTC); before it is history. Default: the second half,',
  '                          or the last two days of a trace of less than ten days',
  ...Object.entries(numbers).map(([name, [, , value, what]]) => `  ${`${name} ${value}`.padEnd(24)}${what}`),
  `  --scenario NAME         ${Object.keys(scenarios).join(', ')}`,
  '  --json                  one object: trace, policy, from, nodeHours, optimalNodeHours, ratio, slo, launches,',
  '                          workerHours, p99WaitSeconds, maxQueueAgeSeconds',
  '',
  '  edwin autoscaler simulate --trace load.csv',
  '  edwin autoscaler simulate --trace load.csv --policy keda-queue --boot 120 --json',
].join('\n');

/** Throws `simulate.usage` that says which option is wrong and what it may be. */
export function readSimulateOptions(argv: readonly string[]): SimulateOptions {
  const given = new Map<string, string>();
  let json = false;
  for (let i = 0; i < argv.length; i++) {
    const [option = '', inline] = argv[i]!.split(/=(.*)/s);
    if (option === '--json') json = true;
    else if (option in numbers || (texts as readonly string[]).includes(option)) {
      const value = inline ?? argv[++i];
      if (value === undefined || value === '') throw usage(`${option} needs a value.`);
      given.set(option, value);
    } else throw usage(`There is no option "${option.slice(0, 60)}".`);
  }
  const number = (option: NumberOption, otherwise: number): number => {
    const [least, most] = numbers[option];
    const text = given.get(option);
    const value = text === undefined ? otherwise : Number(text);
    if (text?.trim() === '' || !(value >= least && value <= most))
      throw usage(`${option} ${text}: a number from ${least} to ${most} is expected.`);
    return value;
  };
  const trace = given.get('--trace');
  if (trace === undefined) throw usage('--trace FILE is missing.');
  const at = given.get('--from');
  const from = at === undefined ? undefined : readTime(at);
  if (at !== undefined && from === undefined) throw usage(`--from ${at}: a time such as 2014-09-01T00:00 is expected.`);
  return {
    trace,
    policy: oneOf('--policy', given.get('--policy') ?? 'edwin', Object.keys(policies)),
    from,
    boot: number('--boot', 600),
    seed: Math.floor(number('--seed', 1)),
    json,
    scenario: given.has('--scenario')
      ? oneOf('--scenario', given.get('--scenario')!, Object.keys(scenarios))
      : undefined,
    mishaps: {
      bootJitter: number('--boot-jitter', 1),
      launchFailure: number('--launch-failure', 0),
      serviceDrift: number('--service-drift', 0),
      metricDelay: number('--metric-delay', 0),
      metricLoss: number('--metric-loss', 0),
    },
  };
}

function oneOf(option: string, value: string, known: readonly string[]): string {
  if (known.includes(value)) return value;
  throw usage(`${option} ${value.slice(0, 60)}: one of ${known.join(', ')} is expected.`);
}

const usage = (message: string): EdwinError => new EdwinError('simulate.usage', message);
