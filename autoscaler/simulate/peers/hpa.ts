import type { Observation, SimulatedPolicy, Start, Wish } from '../policy';
import { ClusterAutoscaler } from './cluster-autoscaler';
import { resourceReplicas, Stabilized } from './replicas';

/** Replicas that a metric asks for; undefined when it can not be had, which leaves it out. */
export type Metric = (observation: Observation, now: number) => number | undefined;

/**
 * Horizontal Pod Autoscaler, synchronised each 15 s, over Cluster Autoscaler: the most replicas that any metric asks
 * for, stabilised; no change when none can be read. Both loops run at the same beat here, though the latter's is 10 s.
 */
export class PodsAndNodes implements SimulatedPolicy {
  readonly name: string;
  readonly periodSeconds = 15;
  private readonly metrics: readonly Metric[];
  private readonly prepare: ((start: Start) => void) | undefined;
  private readonly stabilized = new Stabilized();
  private readonly cluster = new ClusterAutoscaler();

  constructor(name: string, metrics: readonly Metric[], prepare?: (start: Start) => void) {
    this.name = name;
    this.metrics = metrics;
    this.prepare = prepare;
  }

  begin(start: Start): void {
    this.cluster.begin(start);
    this.prepare?.(start);
  }

  decide(observation: Observation, now: number): Wish {
    const { wanted } = observation.instances;
    const asked = this.metrics.map((metric) => metric(observation, now)).filter((replicas) => replicas !== undefined);
    const instances =
      asked.length === 0 ? wanted : Math.min(256, this.stabilized.replicas(Math.max(...asked), wanted, now));
    const reason = asked.length === 0 ? 'no metric can be read' : `metrics ask for ${asked.join(', ')} pods`;
    return { ...this.cluster.nodes(observation, instances, now), instances, reason };
  }
}

/**
 * CPU alone. Out of the box the target is 80 %; this is the highest (in steps of 0.1) that keeps the promise wherever
 * some target does: `node dist/test/bench/autoscaler-sweep.js hpa 0.1,0.2,0.3,0.4,0.45`.
 */
export function hpa(target = 0.3): SimulatedPolicy {
  const cpu: Metric = ({ missing, busy, instances }) => {
    if (missing || instances.ready === 0) return undefined;
    const unready = Math.max(0, instances.wanted - instances.ready);
    return resourceReplicas({ usage: busy, target, ready: instances.ready, unready });
  };
  return new PodsAndNodes('hpa', [cpu]);
}
