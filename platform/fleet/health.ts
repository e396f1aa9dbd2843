import type { Instance } from '../hosts/hosts';
import type { RegisteredInstance, Registry } from '../registry/registry';
import type { Health } from './keep';
import { probe } from './probe';
import type { Releases } from './releases';

/**
 * Probes the instances of one environment and vouches for those that are well in the registry. What runs on a host that
 * is not reached may answer all the same; where it can not be asked it counts as failing.
 */
export interface HealthWatch {
  readonly health: ReadonlyMap<string, Health>;
  /** Probes all once and reports what changed, or what would expire. */
  look(instances: readonly Instance[], registered: readonly RegisteredInstance[]): Promise<void>;
}

const PROBE_LIMIT_MS = 2_000;
const REPORT_MS = 5_000;
const lost = { ok: false, note: 'its host is not reached' };

export function openHealthWatch(registry: Registry, releases: Releases): HealthWatch {
  const health = new Map<string, Health & { readonly wasWell: boolean }>();

  const check = async (instance: Instance): Promise<Health & { wasWell: boolean }> => {
    const release = await releases.get(instance.labels.service, instance.labels.release).catch(() => undefined);
    const path = release?.snapshot.healthPath;
    const before = health.get(instance.id);
    const well = { failures: 0, since: before?.failures === 0 ? before.since : Date.now(), note: '', wasWell: true };
    const asked = path !== undefined && instance.address !== undefined;
    if (!asked && instance.state === 'running') return well;
    const result = asked ? await probe(instance.address!, path, PROBE_LIMIT_MS) : lost;
    if (result.ok) return well;
    // One that is still starting is not sick: whoever started it waits for it.
    const patience = (release?.snapshot.rollout.healthSeconds ?? 0) * 1_000;
    if (!before?.wasWell && Date.now() - instance.startedAt.getTime() < patience)
      return { ...well, note: 'starting', wasWell: false };
    const failing = before !== undefined && before.failures > 0;
    return {
      failures: (before?.failures ?? 0) + 1,
      since: failing ? before.since : Date.now(),
      note: result.note,
      wasWell: true,
    };
  };

  return {
    health,
    async look(instances, registered) {
      const up = instances.filter(({ state }) => state !== 'exited');
      const ids = new Set(up.map(({ id }) => id));
      for (const id of health.keys()) if (!ids.has(id)) health.delete(id);
      const entries = new Map(registered.map((entry) => [entry.id, entry]));
      await Promise.all(
        up.map(async (instance) => {
          const found = await check(instance);
          health.set(instance.id, found);
          const entry = entries.get(instance.id);
          if (entry === undefined) return;
          const reported = found.failures < 3 ? 'passing' : 'critical';
          const old = Date.now() - entry.reportedAt.getTime() > REPORT_MS;
          if (entry.health !== reported || old) await registry.report(instance.id, reported, found.note);
        }),
      );
    },
  };
}
