import { join } from 'node:path';
import { awsPredictive, awsTarget } from '../../autoscaler/simulate/peers/aws';
import { hpa } from '../../autoscaler/simulate/peers/hpa';
import { kedaCron, kedaQueue, kedaRate } from '../../autoscaler/simulate/peers/keda';
import { nomad } from '../../autoscaler/simulate/peers/nomad';
import type { SimulatedPolicy } from '../../autoscaler/simulate/policy';
import { simulate } from '../../autoscaler/simulate/simulate';
import { openWorld } from '../../autoscaler/simulate/world';
import { tracesIn } from './autoscaler-files';

/**
 * `node dist/test/bench/autoscaler-sweep.js POLICY VALUE,VALUE,… [FOLDER]`: one setting of a peer over all traces of a
 * folder, so that each is compared at its best. A value is a target; two, as 5.5/20, are the two targets of a policy.
 */
const makers: Readonly<Record<string, (first: number, second?: number) => SimulatedPolicy>> = {
  hpa,
  'keda-queue': kedaQueue,
  'keda-rate': kedaRate,
  'keda-cron': kedaCron,
  'aws-target': awsTarget,
  'aws-predictive': awsPredictive,
  nomad,
};

const [policy = '', values = '', folder = join('..', 'shared', 'traces')] = process.argv.slice(2);
const make = makers[policy];
if (!make || values === '') {
  console.error(`Usage: autoscaler-sweep.js ${Object.keys(makers).join('|')} VALUE,VALUE,… [FOLDER]`);
  process.exitCode = 2;
} else {
  const worlds = tracesIn(folder).map((trace) => openWorld({ trace }));
  for (const value of values.split(',')) {
    const [first = 0, second] = value.split('/').map(Number);
    const scores = worlds.map((world) => simulate(world, make(first, second)).score);
    const cells = scores.map(
      ({ nodeHours, slo }, i) => `${worlds[i]!.name.slice(0, 8)} ${nodeHours.toFixed(0)} ${(100 * slo).toFixed(2)}%`,
    );
    console.log(`${policy} ${value}: ${cells.join('  ')}`);
  }
}
