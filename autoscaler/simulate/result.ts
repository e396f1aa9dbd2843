import type { Optimum } from './optimum';
import type { Run } from './simulate';
import { msOf, type World } from './world';

/** What `--json` prints: names and meaning never change. */
export interface SimulateResult {
  readonly trace: string;
  readonly policy: string;
  /** Where scores begin, ISO 8601. */
  readonly from: string;
  readonly nodeHours: number;
  readonly optimalNodeHours: number;
  /** Node-hours over the optimum's; worth something only if `slo` is at least 0.99. */
  readonly ratio: number;
  readonly slo: number;
  readonly launches: number;
  readonly workerHours: number;
  readonly p99WaitSeconds: number;
  readonly maxQueueAgeSeconds: number;
}

export function resultOf(world: World, { policy, score }: Run, best: Optimum): SimulateResult {
  return {
    trace: world.name,
    policy,
    from: new Date(msOf(world, world.fromTick)).toISOString(),
    nodeHours: score.nodeHours,
    optimalNodeHours: best.nodeHours,
    ratio: score.nodeHours / best.nodeHours,
    slo: score.slo,
    launches: score.launches,
    workerHours: score.workerHours,
    p99WaitSeconds: score.p99WaitSeconds,
    maxQueueAgeSeconds: score.maxQueueAgeSeconds,
  };
}
