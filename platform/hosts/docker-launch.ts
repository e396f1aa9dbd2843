import type { ContainerInspectInfo } from 'dockerode';
import type { Engine } from '../docker/engine';
import { statusOf, wordsOf } from '../docker/failure';
import { releaseTag } from '../docker/release-tag';
import { EdwinError } from '../errors';
import { inspectContainer } from './docker-calls';
import { containerOf } from './docker-container';
import { ensureNetwork } from './docker-network';
import type { InstanceSpec } from './hosts';

/** Networks that are there, by environment; emptied whenever that is in doubt. */
export type KnownNetworks = Set<string>;

interface Launch {
  readonly engine: Engine;
  readonly spec: InstanceSpec;
  /** Processors of the engine. */
  readonly cpus: number;
  readonly networks: KnownNetworks;
  readonly signal: AbortSignal;
}

/**
 * The container of that id, made and started unless it was. Two that do so at once end up with one: its name can be
 * had once, and starting it twice is starting it once. One that was made by somebody who died is started.
 * @throws `hosts.start-failed`; nothing is left behind by a container that could not be started
 */
export async function launchContainer(launch: Launch): Promise<ContainerInspectInfo> {
  const { engine, spec, networks, signal } = launch;
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(spec.id)) throw startFailed(spec, 'its id is not made of a-z, 0-9 and - only');
  for (let lastTry = false; ; lastTry = true) {
    try {
      const there = await inspectContainer(engine, spec.id, signal);
      if (there === undefined) await create(launch);
      if (there === undefined || there.State.Status === 'created') await start(launch);
      const found = await inspectContainer(engine, spec.id, signal);
      if (found !== undefined) return found;
      throw startFailed(spec, 'it was removed while it was being started');
    } catch (error) {
      if (error instanceof EdwinError || statusOf(error) === undefined) throw error;
      networks.clear();
      const networkMissing = statusOf(error) === 404 && /network/i.test(wordsOf(error));
      if (!networkMissing || lastTry) throw startFailed(spec, wordsOf(error), error);
    }
  }
}

async function create({ engine, spec, cpus, networks, signal: abortSignal }: Launch): Promise<void> {
  const imageUser = await imageUserOf(engine, spec);
  const { environment } = spec.labels;
  if (!networks.has(environment)) await ensureNetwork(engine, environment);
  networks.add(environment);
  const container = containerOf(spec, { host: engine.host, cpus, imageUser });
  try {
    await engine.streams.createContainer({ ...container, abortSignal });
  } catch (error) {
    if (statusOf(error) !== 409) throw error; // 409: somebody else has made it in the meantime
  }
}

async function start({ engine, spec, signal: abortSignal }: Launch): Promise<void> {
  const container = engine.streams.getContainer(spec.id);
  try {
    await container.start({ abortSignal });
  } catch (error) {
    if (statusOf(error) === 304) return; // somebody else has started it
    if (statusOf(error) !== undefined) await container.remove({ v: true, abortSignal }).catch(() => undefined);
    throw error;
  }
}

/** Asked at each start, so that an image which is absent is told as that. */
async function imageUserOf(engine: Engine, spec: InstanceSpec): Promise<string> {
  try {
    const { Config } = await engine.calls.getImage(releaseTag(spec.image)).inspect();
    return Config.User ?? '';
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
    throw startFailed(spec, `the host has no image ${spec.image}`, error);
  }
}

export function startFailed({ id, host }: InstanceSpec, why: string, cause?: unknown): EdwinError {
  return new EdwinError('hosts.start-failed', `${id} can not be started on ${host}: ${why}.`, { cause });
}
