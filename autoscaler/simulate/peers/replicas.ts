/**
 * How the Horizontal Pod Autoscaler counts replicas: kubernetes/pkg/controller/podautoscaler, `replica_calculator.go`
 * and `horizontal.go`, with the defaults of `config/v1alpha1/defaults.go`.
 */
const TOLERANCE = 0.1;
const DOWNSCALE_WINDOW_MS = 300_000;

/**
 * `GetResourceReplicas`: the mean usage of the ready pods over the target. When that asks for more while pods are not
 * ready yet, those count as unused; a change of direction by them means no change.
 */
export function resourceReplicas(pods: { usage: number; target: number; ready: number; unready: number }): number {
  const { usage, target, ready, unready } = pods;
  const current = ready + unready;
  const ratio = usage / target;
  if (unready === 0 || ratio <= 1) return near(ratio) ? current : ceil(ratio * ready);
  const withUnready = (usage * ready) / current / target;
  if (near(withUnready) || withUnready < 1) return current;
  return Math.max(current, ceil(withUnready * current));
}

/** `GetExternalPerPodMetricReplicas`, an AverageValue target: what KEDA makes of every trigger. */
export function externalReplicas(metric: number, targetAverage: number, current: number): number {
  if (current > 0 && near(metric / (targetAverage * current))) return current;
  return ceil(metric / targetAverage);
}

const near = (ratio: number): boolean => Math.abs(1 - ratio) <= TOLERANCE + 1e-12;
/** Figures such as 0.55 are not exact in binary; a pod more for the last digit of one would be an artefact. */
const ceil = (replicas: number): number => Math.max(0, Math.ceil(replicas - 1e-9));

/** Without `behavior`: the most that was recommended within five minutes, growing to 2× or 4 pods at a sync. */
export class Stabilized {
  private recommended: { at: number; replicas: number }[] = [];

  replicas(desired: number, current: number, now: number): number {
    this.recommended = this.recommended.filter(({ at }) => at > now - DOWNSCALE_WINDOW_MS);
    const highest = this.recommended.reduce((most, { replicas }) => Math.max(most, replicas), desired);
    this.recommended.push({ at: now, replicas: desired });
    return Math.max(1, Math.min(highest, Math.max(2 * current, 4)));
  }
}
