import { plant, type SimulatedPolicy, type Wish } from '../policy';

const THRESHOLD = 0.01;
const COOLDOWN_MS = 300_000;

/** `target-value/plugin.go`: count times metric over target, rounded up; undefined within the threshold. */
export function targetValue(count: number, metric: number, target: number): number | undefined {
  const factor = target === 0 ? metric : metric / target;
  if (Math.abs(factor - 1) <= THRESHOLD + 1e-12) return undefined;
  return Math.ceil((count === 0 ? factor : count * factor) - 1e-9);
}

/**
 * As high as keeps the promise wherever it can be kept with target-value, which leaves out two of the public traces:
 * `node dist/test/bench/autoscaler-sweep.js nomad 0.3/0.5,0.4/0.6,0.45/0.65,0.5/0.7`.
 */
const CPU_TARGET = 0.45;
const ALLOCATED_TARGET = 0.65;

/**
 * Two policies of nomad-autoscaler, evaluated each 10 s, each with 5 minutes of rest after an action: the job's count by
 * its CPU, the cluster's by the share that is allocated, which is skipped while the target is not ready (a host boots).
 * No metrics: no change. The least busy clients go first.
 */
export function nomad(cpuTarget = CPU_TARGET, allocatedTarget = ALLOCATED_TARGET): SimulatedPolicy {
  let jobRests = Number.NEGATIVE_INFINITY;
  let clusterRests = Number.NEGATIVE_INFINITY;
  return {
    name: 'nomad',
    periodSeconds: 10,
    decide({ missing, busy, hosts, instances }, now): Wish {
      let count = instances.wanted;
      let clients = hosts.ready + hosts.booting;
      if (!missing && now >= jobRests) {
        const wanted = bounded(targetValue(count, busy, cpuTarget) ?? count, 1, plant.maxHosts * plant.workersPerHost);
        if (wanted !== count) jobRests = now + COOLDOWN_MS;
        count = wanted;
      }
      if (hosts.booting === 0 && now >= clusterRests) {
        const allocated = (instances.ready + instances.starting) / (hosts.ready * plant.workersPerHost);
        const wanted = bounded(
          targetValue(clients, allocated, allocatedTarget) ?? clients,
          plant.minHosts,
          plant.maxHosts,
        );
        if (wanted !== clients) clusterRests = now + COOLDOWN_MS;
        clients = wanted;
      }
      return { hosts: clients, instances: count, reason: 'target-value', removeFirst: 'ready' };
    },
  };
}

const bounded = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));
