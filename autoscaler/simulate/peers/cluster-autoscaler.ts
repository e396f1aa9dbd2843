import { type Observation, plant, type Start, type Wish } from '../policy';

const UNNEEDED_MS = 600_000;
const DELAY_AFTER_ADD_MS = 600_000;
const MOST_AT_ONCE = 10;
const PROVISION_TIMEOUT_MS = 900_000;

/**
 * Kubernetes' Cluster Autoscaler with its defaults: nodes for pods that fit neither on nodes nor on those that come
 * up; a node goes when it has been unneeded for 10 minutes, not within 10 minutes of an addition, ten at a time; one
 * that does not come up within max-node-provision-time is given up. Pods are packed as tightly as they fit, which is
 * kinder than the default scheduler: it spreads them, and a node more than half used is never unneeded.
 */
export class ClusterAutoscaler {
  /** Since when each surplus node has been unneeded, ms, the longest first. */
  private unneededSince: number[] = [];
  private lastAddition = Number.NEGATIVE_INFINITY;
  private patienceMs = PROVISION_TIMEOUT_MS;

  /** Where boots are known to be slow, the timeout is set for them. */
  begin({ longestBootSeconds }: Start): void {
    this.patienceMs = Math.max(PROVISION_TIMEOUT_MS, longestBootSeconds * 1250);
  }

  nodes(observation: Observation, pods: number, now: number): Pick<Wish, 'hosts' | 'removeFirst' | 'giveUp'> {
    const { ready, booting, bootingSince } = observation.hosts;
    const giveUp = bootingSince.filter((since) => now - since > this.patienceMs).length;
    const total = ready + booting - giveUp;
    const needed = Math.max(plant.minHosts, Math.ceil(pods / plant.workersPerHost));
    if (needed > total) {
      this.lastAddition = now;
      this.unneededSince = [];
      return { hosts: needed, removeFirst: 'ready', giveUp };
    }
    const unneeded = Math.max(0, ready - needed);
    while (this.unneededSince.length < unneeded) this.unneededSince.push(now);
    this.unneededSince.length = unneeded;
    if (now - this.lastAddition < DELAY_AFTER_ADD_MS) return { hosts: total, removeFirst: 'ready', giveUp };
    const due = this.unneededSince.filter((since) => now - since >= UNNEEDED_MS).length;
    const removed = Math.min(due, MOST_AT_ONCE);
    this.unneededSince.splice(0, removed);
    return { hosts: total - removed, removeFirst: 'ready', giveUp };
  }
}
