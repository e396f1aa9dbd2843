import { createHash } from 'node:crypto';
import type { Engine } from '../docker/engine';
import { statusOf } from '../docker/failure';
import type { HostEntry } from '../docker/hosts-file';

/** Docker's own. It has no names to resolve, for which Docker does a sixth of a start's work on every other. */
const ENGINES_OWN = 'bridge';

/** The network of an environment's instances on a host: those of another environment are not on it. */
export function networkName({ networks, bridge }: Pick<HostEntry, 'networks' | 'bridge'>, environment: string): string {
  return bridge === 'engine' ? ENGINES_OWN : `${networks}-${environment}`;
}

/**
 * Makes the network unless it is there. Two that make it at once end up with one, since the name of its bridge can be
 * had once only, where the name of a network could be had twice.
 */
export async function ensureNetwork(engine: Engine, environment: string): Promise<void> {
  const name = networkName(engine.host, environment);
  if (name === ENGINES_OWN) return;
  try {
    await engine.calls.getNetwork(name).inspect();
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
    const bridge = `edw-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
    try {
      await engine.calls.createNetwork({
        Name: name,
        CheckDuplicate: true,
        Driver: 'bridge',
        Options: { 'com.docker.network.bridge.name': bridge },
        Labels: { 'edwin.network': environment },
      });
    } catch (refusal) {
      if (statusOf(refusal) !== 409 && statusOf(refusal) !== 403) throw refusal;
    }
  }
}
