import { setTimeout as pause } from 'node:timers/promises';
import type { ContainerInspectInfo } from 'dockerode';
import type { Engine } from '../docker/engine';
import { statusOf, wordsOf } from '../docker/failure';
import { releaseTag } from '../docker/release-tag';
import { EdwinError } from '../errors';
import { inspectContainer } from './docker-calls';
import { containerOf } from './docker-container';
import { ensureNetwork } from './docker-network';
import type { InstanceSpec } from './hosts';

const ATTEMPTS = 6;
const AGAIN_MS = 50;
const MOST_USERS = 1_000;

/** What need not be asked again of an engine. */
export interface Known {
  /** Environments whose network is there; emptied whenever that is in doubt. */
  readonly networks: Set<string>;
  /** Image → its `USER`, which never changes. */
  readonly users: Map<string, string>;
}

interface Launch {
  readonly engine: Engine;
  readonly spec: InstanceSpec;
  /** Processors of the engine. */
  readonly cpus: number;
  readonly known: Known;
  readonly signal: AbortSignal;
}

/**
 * The container of that id, made and started unless it was. Two that do so at once end up with one: its name can be
 * had once, and starting it twice is starting it once. One that was made by somebody who died is started.
 * @throws `hosts.start-failed`; who made a container that can not be started takes it away
 */
export async function launchContainer(launch: Launch): Promise<ContainerInspectInfo> {
  const { engine, spec, known, signal } = launch;
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(spec.id)) throw startFailed(spec, 'its id is not made of a-z, 0-9 and - only');
  let last: unknown;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    try {
      const made = await create(launch);
      const there = made ? undefined : await inspectContainer(engine, spec.id, signal);
      if (made || there?.State.Status === 'created') await start(launch, made);
      const found = await inspectContainer(engine, spec.id, signal);
      if (found !== undefined && found.State.Status !== 'created') return found;
    } catch (error) {
      if (error instanceof EdwinError || statusOf(error) === undefined) throw error;
      // Not found, or a conflict: the network is gone, or somebody else makes or removes the container right now.
      if (statusOf(error) !== 404 && statusOf(error) !== 409) throw startFailed(spec, wordsOf(error), error);
      last = error;
      known.networks.clear();
    }
    await pause(AGAIN_MS * attempt, undefined, { signal });
  }
  throw startFailed(spec, last === undefined ? 'others make and remove it again and again' : wordsOf(last), last);
}

/** False when there is one already. */
async function create({ engine, spec, cpus, known, signal: abortSignal }: Launch): Promise<boolean> {
  const { environment } = spec.labels;
  if (!known.networks.has(environment)) await ensureNetwork(engine, environment);
  known.networks.add(environment);
  try {
    const imageUser = await imageUserOf(engine, spec.image, known.users);
    const container = containerOf(spec, { host: engine.host, cpus, imageUser });
    await engine.actions.createContainer({ ...container, abortSignal });
    return true;
  } catch (error) {
    if (statusOf(error) === 409) return false;
    if (statusOf(error) !== 404) throw error;
    if (await inspectContainer(engine, spec.id, abortSignal)) return false;
    throw startFailed(spec, `the host has no image ${spec.image}`, error);
  }
}

async function start({ engine, spec, signal: abortSignal }: Launch, made: boolean): Promise<void> {
  const container = engine.actions.getContainer(spec.id);
  try {
    await container.start({ abortSignal });
  } catch (error) {
    if (statusOf(error) === 304) return; // somebody else has started it
    if (made && statusOf(error) !== undefined) await container.remove({ v: true, abortSignal }).catch(() => undefined);
    throw error;
  }
}

async function imageUserOf(engine: Engine, image: string, users: Known['users']): Promise<string> {
  const seen = users.get(image);
  if (seen !== undefined) return seen;
  const { Config } = await engine.calls.getImage(releaseTag(image)).inspect();
  if (users.size >= MOST_USERS) users.clear();
  users.set(image, Config.User ?? '');
  return Config.User ?? '';
}

export function startFailed({ id, host }: InstanceSpec, why: string, cause?: unknown): EdwinError {
  return new EdwinError('hosts.start-failed', `${id} can not be started on ${host}: ${why}.`, { cause });
}
