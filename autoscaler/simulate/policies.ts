import { edwin } from './edwin';
import { awsPredictive, awsTarget } from './peers/aws';
import { hpa } from './peers/hpa';
import { kedaCron, kedaQueue, kedaRate } from './peers/keda';
import { nomad } from './peers/nomad';
import { staticPeak } from './peers/static';
import type { SimulatedPolicy } from './policy';

/** By the name that `--policy` takes. A policy object serves one run. */
export const policies: Readonly<Record<string, () => SimulatedPolicy>> = {
  edwin,
  hpa,
  'keda-queue': kedaQueue,
  'keda-rate': kedaRate,
  'keda-cron': kedaCron,
  'aws-target': awsTarget,
  'aws-predictive': awsPredictive,
  nomad,
  static: staticPeak,
};
