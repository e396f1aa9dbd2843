import { type Observation, plant, type SimulatedPolicy, type Start, type Wish } from '../policy';
import { hourlyForecast } from './predictive';

const OUT_MINUTES = 3;
const IN_MINUTES = 15;
const IN_SHARE = 0.9;
/**
 * The highest targets with which each keeps the promise wherever it can at all; target tracking can not on two of the
 * public traces: `node dist/test/bench/autoscaler-sweep.js aws-target 0.2,0.3,0.35,0.37,0.4,0.5`.
 */
const TARGET = 0.37;
const PREDICTIVE_TARGET = 0.2;
/** A forecast is made each 6 hours, for 48. */
const REFRESH_MS = 6 * 3_600_000;

/**
 * Target tracking of EC2 Auto Scaling on the group's mean CPU: out when the metric was above the target for 3 minutes,
 * in when it was below 90 % of it for 15 (the alarms that the service creates). Instances that warm up count as
 * capacity and not in the metric, and nothing is removed while some do. More is rounded up, less is rounded down.
 * Missing data: no action. Workers fill their hosts.
 */
export function awsTarget(target = TARGET): SimulatedPolicy {
  const tracking = new TargetTracking(target);
  return {
    name: 'aws-target',
    periodSeconds: 60,
    decide: (observation) => filled(tracking.desired(observation), 'target tracking'),
  };
}

/**
 * Target tracking and predictive scaling together: an hourly forecast from up to 14 days, refreshed each 6 hours, whose
 * capacity is the group's minimum from the buffer time before the hour on; it never removes. The buffer is the boot
 * time, which must be less than an hour.
 */
export function awsPredictive(target = PREDICTIVE_TARGET): SimulatedPolicy {
  const tracking = new TargetTracking(target);
  let bufferMs = 300_000;
  let made = Number.NEGATIVE_INFINITY;
  let forecast: (ms: number) => number | undefined = () => undefined;
  return {
    name: 'aws-predictive',
    periodSeconds: 60,
    begin({ bootSeconds }: Start) {
      bufferMs = 1000 * Math.min(3540, Math.max(300, bootSeconds));
    },
    decide(observation, now) {
      if (now - made >= REFRESH_MS) {
        forecast = hourlyForecast(observation.minutes, now);
        made = now;
      }
      const rate = Math.max(forecast(now) ?? 0, forecast(now + bufferMs) ?? 0);
      const minimum = Math.ceil(rate / (plant.hostRate * target));
      return filled(Math.max(minimum, tracking.desired(observation)), `at least ${minimum} forecast`);
    },
  };
}

const filled = (hosts: number, reason: string): Wish => ({
  hosts,
  instances: hosts * plant.workersPerHost,
  reason,
  removeFirst: 'ready',
});

/** Capacity for the metric's value, before alarms and bounds. */
export function proportional(metric: number, target: number, inService: number, capacity: number): number {
  const wanted = (inService * metric) / target;
  if (wanted > capacity) return Math.ceil(wanted - 1e-9);
  return metric < target && inService === capacity ? capacity - Math.floor(capacity - wanted + 1e-9) : capacity;
}

class TargetTracking {
  private readonly target: number;
  private above = 0;
  private below = 0;

  constructor(target: number) {
    this.target = target;
  }

  desired({ missing, busy, hosts }: Observation): number {
    const capacity = hosts.ready + hosts.booting;
    if (missing) {
      [this.above, this.below] = [0, 0];
      return capacity;
    }
    this.above = busy > this.target ? this.above + 1 : 0;
    this.below = busy < this.target * IN_SHARE ? this.below + 1 : 0;
    if (this.above < OUT_MINUTES && this.below < IN_MINUTES) return capacity;
    return proportional(busy, this.target, hosts.ready, capacity);
  }
}
