import { plant, type SimulatedPolicy } from '../policy';

/** A fixed fleet, bought for the peak: what four fifths of it can carry is the 99.5th percentile of every trace. */
export function staticPeak(hosts = 20): SimulatedPolicy {
  const wish = { hosts, instances: hosts * plant.workersPerHost, reason: `the fleet is fixed at ${hosts} hosts` };
  return { name: 'static', periodSeconds: 60, decide: () => wish };
}
