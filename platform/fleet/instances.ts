import { setTimeout as pause } from 'node:timers/promises';
import { hasCode } from '../errors';
import type { Instance, InstanceExit } from '../hosts/hosts';
import type { Cell } from './cell';
import type { Release } from './fleet';
import { instanceCommand, instanceEnv, listens } from './instance-env';
import { LISTED_MS } from './listing';
import { readableLines, withoutSecrets } from './log-lines';
import { environmentOf, type FleetParts } from './parts';
import { probe } from './probe';

/** How long an instance stays well in the registry when nobody vouches for it. */
const TTL_SECONDS = 15;
/** Exited instances that are kept for their logs, of each service and environment. */
const KEPT_EXITED = 3;
const TAIL_LINES = 12;

/** Starts an instance of a release, or finds the one that runs under this id. */
export async function startInstance(
  parts: FleetParts,
  cell: Cell,
  release: Release,
  { id, host, operation }: { id: string; host: string; operation: string },
): Promise<Instance> {
  const { snapshot } = release;
  const secrets = secretValues(parts, cell, release);
  const env = instanceEnv(snapshot, {
    environment: cell.environment,
    service: cell.service,
    release: release.number,
    instance: id,
    host,
    edwinUrl: parts.edwinUrl,
    connections: environmentOf(parts, cell.environment).connections(snapshot),
    services: neededServices(parts, cell, release),
    secrets,
    outer: parts.outerEnv,
  });
  try {
    const instance = await parts.hosts.start({
      id,
      host,
      labels: { environment: cell.environment, service: cell.service, release: release.number, operation },
      image: release.image,
      command: instanceCommand(snapshot),
      env,
      listens: listens(snapshot),
      memoryMb: snapshot.memoryMb,
      cpus: snapshot.cpus,
      stopGraceSeconds: snapshot.rollout.stopGraceSeconds,
    });
    const { service, environment } = cell;
    parts.listing.note(instance);
    parts.log.info(
      { event: 'instance.started', instance: id, service, environment, release: release.number, host, operation },
      `${id} started on ${host}`,
    );
    return instance;
  } catch (error) {
    parts.listing.stale();
    throw error;
  }
}

function secretValues(parts: FleetParts, { environment }: Cell, { snapshot }: Release): Record<string, string> {
  const versions = snapshot.secrets[environment] ?? {};
  return parts.secrets.values(environment, Object.keys(versions), versions);
}

function neededServices(parts: FleetParts, { environment }: Cell, { snapshot }: Release): Record<string, string> {
  const { services } = parts.catalog();
  const names = snapshot.needs.filter((need) => services[need] !== undefined);
  return Object.fromEntries(names.map((service) => [service, parts.edge.url({ environment, service })]));
}

export type Verdict =
  | { readonly well: true }
  /** `exited`: it is gone, or lost with its host; else its time was over. */
  | { readonly well: false; readonly exited: boolean; readonly sentence: string };

const PROBE_MS = 50;
const WORKER_PROOF_MS = 1_000;
/** How long a host may be away before what starts there is given up. */
const LOST_MS = 5_000;

/** Waits until the instance is healthy, exits, or `deadline` (milliseconds of the clock) is over. */
export async function untilHealthy(
  parts: FleetParts,
  release: Release,
  instance: Instance,
  deadline: number,
  signal: AbortSignal,
): Promise<Verdict> {
  const { healthPath } = release.snapshot;
  const begun = Date.now();
  let seenAt = begun;
  for (let note = 'nothing yet'; ; ) {
    signal.throwIfAborted();
    const now = Date.now();
    if (healthPath !== undefined && instance.address !== undefined) {
      const result = await probe(instance.address, healthPath, Math.min(2_000, Math.max(100, deadline - now)));
      if (result.ok) return { well: true };
      note = result.note;
    }
    const listed = (await parts.listing.all(LISTED_MS)).find(({ id }) => id === instance.id);
    if (listed === undefined || listed.state === 'exited')
      return { well: false, exited: true, sentence: exitSentence(instance.id, listed?.exit) };
    if (listed.state === 'running') seenAt = now;
    if (listed.state === 'unknown' && (now - seenAt > LOST_MS || now >= deadline))
      return { well: false, exited: true, sentence: `${instance.id} is lost: ${instance.host} is not reached` };
    const proven = now - instance.startedAt.getTime() >= WORKER_PROOF_MS;
    if (healthPath === undefined && listed.state === 'running' && proven) return { well: true };
    if (now >= deadline) {
      const asked = healthPath === undefined ? 'did not run' : `did not answer ${healthPath} with 200`;
      const seconds = Math.round((now - begun) / 1_000);
      return { well: false, exited: false, sentence: `${instance.id} ${asked} within ${seconds} s (last: ${note})` };
    }
    await pause(now - begun < 5_000 ? PROBE_MS : 250, undefined, { signal }).catch(() => undefined);
  }
}

/** How an instance ended, as words. */
export function exitSentence(id: string, exit: InstanceExit | undefined): string {
  if (exit?.outOfMemory) return `${id} was ended because it wanted more memory than it may have`;
  if (exit?.signal !== undefined) return `${id} was ended by ${exit.signal}`;
  return exit?.code === undefined ? `${id} is gone` : `${id} exited with status ${exit.code}`;
}

/** Makes the registry know the instance as well. */
export async function register(parts: FleetParts, cell: Cell, release: Release, instance: Instance): Promise<void> {
  const { registry } = environmentOf(parts, cell.environment);
  await registry.register({
    id: instance.id,
    service: cell.service,
    release: release.number,
    host: instance.host,
    ...(instance.address && { address: instance.address }),
    ttlSeconds: TTL_SECONDS,
  });
  await registry.report(instance.id, 'passing');
}

/** Lets traffic come to the instance; nothing to do for workers. */
export async function admit(parts: FleetParts, cell: Cell, release: Release, instance: Instance): Promise<void> {
  if (release.snapshot.kind !== 'http' || instance.address === undefined) return;
  const { holdSeconds, retry } = release.snapshot.rollout;
  await parts.edge.add(cell, { id: instance.id, address: instance.address }, { holdSeconds, retry });
}

/** Lets no name lead to the instances any more, while they still answer whom they know. */
export async function unlist(parts: FleetParts, cell: Cell, ids: Iterable<string>): Promise<void> {
  const { registry } = environmentOf(parts, cell.environment);
  await Promise.all([...ids].map((id) => registry.deregister(id)));
}

/** Forgets an instance that is gone, at the edge and in the registry. */
export async function forget(parts: FleetParts, cell: Cell, kind: 'http' | 'worker', id: string): Promise<void> {
  if (kind === 'http') await parts.edge.remove(cell, id, { force: true });
  await environmentOf(parts, cell.environment).registry.deregister(id);
}

/** Waits until none of the servers has sessions, at most `seconds`; gives how many sessions are left. */
export async function untilDrained(
  parts: FleetParts,
  cell: Cell,
  ids: ReadonlySet<string>,
  seconds: number,
  signal: AbortSignal,
): Promise<number> {
  const deadline = Date.now() + seconds * 1_000;
  for (let interval = 25; ; interval = Math.min(250, interval * 1.5)) {
    signal.throwIfAborted();
    const servers = (await parts.edge.servers(cell)).filter(({ id }) => ids.has(id));
    const sessions = servers.reduce((sum, server) => sum + server.sessions, 0);
    if (sessions === 0 || Date.now() >= deadline) return sessions;
    await pause(interval, undefined, { signal }).catch(() => undefined);
  }
}

/** Stops an instance of any release: no longer in the registry, and ended. */
export async function stopInstance(parts: FleetParts, cell: Cell, instance: Instance): Promise<void> {
  await environmentOf(parts, cell.environment).registry.deregister(instance.id);
  await endInstance(parts, instance);
}

/** SIGTERM, and SIGKILL after its grace. */
export async function endInstance(parts: FleetParts, instance: Instance): Promise<void> {
  const { service, release: number } = instance.labels;
  const release = await parts.releases.get(service, number).catch(() => undefined);
  await parts.hosts.stop(instance.id, { graceSeconds: release?.snapshot.rollout.stopGraceSeconds ?? 25 });
}

/** Removes exited instances but the newest few, kept for their logs; those on a host that is away another time. */
export async function pruneExited(parts: FleetParts, cell: Cell): Promise<void> {
  const exited = (await parts.listing.of(cell)).filter(({ state }) => state === 'exited');
  exited.sort((a, b) => (b.exit?.at.getTime() ?? 0) - (a.exit?.at.getTime() ?? 0));
  const unlessAway = (error: unknown): void => {
    if (!hasCode(error, 'hosts.unreachable')) throw error;
  };
  await Promise.all(exited.slice(KEPT_EXITED).map(({ id }) => parts.hosts.remove(id).catch(unlessAway)));
  if (exited.length > KEPT_EXITED) parts.listing.stale();
}

/** Its last meaningful log lines, without values of its secrets and connections. */
export async function logTail(parts: FleetParts, cell: Cell, release: Release, id: string): Promise<string[]> {
  const raw: string[] = [];
  try {
    for await (const line of parts.hosts.logs(id, { tail: 200 })) raw.push(line.text);
  } catch {
    return []; // its host is away, or it never started
  }
  const hidden = hiddenValues(parts, cell, release);
  return readableLines(raw)
    .slice(-TAIL_LINES)
    .map((line) => withoutSecrets(line, hidden));
}

/** Values that no log shown to people may hold: of secrets, of connections, and the passwords inside of those. */
export function hiddenValues(parts: FleetParts, cell: Cell, release: Release): Record<string, string> {
  try {
    const connections = environmentOf(parts, cell.environment).connections(release.snapshot);
    const inside = Object.entries(connections).map(([name, value]) => [`${name} password`, passwordIn(value)]);
    return { ...connections, ...Object.fromEntries(inside), ...secretValues(parts, cell, release) };
  } catch {
    return {};
  }
}

/** Empty when there is none. */
function passwordIn(connection: string): string {
  const bearer = /Bearer (\S+)/.exec(connection)?.[1];
  return bearer ?? (URL.canParse(connection) ? decodeURIComponent(new URL(connection).password) : '');
}
