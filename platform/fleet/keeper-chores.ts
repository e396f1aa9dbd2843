import type { Instance } from '../hosts/hosts';
import type { Logger } from '../log';
import { instancesReplaced } from '../metrics';
import type { Cell } from './cell';
import { chooseHosts } from './choose-hosts';
import type { Release } from './fleet';
import {
  admit,
  forget,
  pruneExited,
  register,
  startInstance,
  stopInstance,
  unlist,
  untilDrained,
  untilHealthy,
} from './instances';
import { backoff, type Chores } from './keep';
import type { FleetParts } from './parts';

/** A service the keeper works on, while it holds the lease of its operations. */
export interface Ward {
  readonly parts: FleetParts;
  readonly cell: Cell;
  readonly release: Release | undefined;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Starts in a row of each service, so that a crash loop gets slower. */
export type Restarts = Map<string, { starts: number; lastAt: number }>;

const CALM_MS = 90_000;

export async function doChores(ward: Ward, todo: Chores, restarts: Restarts): Promise<void> {
  const { parts, cell, release } = ward;
  const kind = release?.snapshot.kind ?? 'http';
  await Promise.all(todo.forget.map((id) => forget(parts, cell, kind, id)));
  for (const id of todo.suspend) {
    ward.log.warn(
      { event: 'instance.unhealthy', instance: id, service: cell.service },
      `${id} is not healthy: taken out of traffic`,
    );
    await parts.edge.drain(cell, id);
  }
  if (todo.prune) await pruneExited(parts, cell);
  if (release) {
    await Promise.all([
      ...todo.enlist.map((instance) => enlist(ward, release, instance)),
      ...(todo.start > 0 ? [replace(ward, release, todo.start, restarts)] : []),
    ]);
  }
  await Promise.all(todo.retire.map(({ instance, reason }) => retire(ward, instance, reason)));
}

/** Makes a running instance known, once it is healthy. */
async function enlist({ parts, cell, signal }: Ward, release: Release, instance: Instance): Promise<boolean> {
  const deadline = Date.now() + release.snapshot.rollout.healthSeconds * 1_000;
  const verdict = await untilHealthy(parts, release, instance, deadline, signal);
  if (!verdict.well) return false;
  await register(parts, cell, release, instance);
  if (release.snapshot.kind !== 'http' || instance.address === undefined) return true;
  const servers = await parts.edge.servers(cell);
  const moved = servers.some(({ id, address }) => id === instance.id && address.port !== instance.address?.port);
  if (moved) await parts.edge.remove(cell, instance.id, { force: true });
  await admit(parts, cell, release, instance);
  return true;
}

async function replace(ward: Ward, release: Release, count: number, restarts: Restarts): Promise<void> {
  const { parts, cell, log, signal } = ward;
  const before = restarts.get(cell.service);
  const now = Date.now();
  const starts = before === undefined || now - before.lastAt > CALM_MS ? 0 : before.starts;
  if (before !== undefined && now < before.lastAt + backoff(starts)) return;
  restarts.set(cell.service, { starts: starts + 1, lastAt: now });
  if (starts > 2)
    log.warn({ service: cell.service, starts }, `${cell.service} keeps exiting; started ${starts + 1} times in a row`);
  const hosts = await chooseHosts({ parts, cell }, release, count);
  await Promise.all([...new Set(hosts)].map((host) => parts.images.ensure(release.image, host)));
  await Promise.all(
    hosts.map(async (host) => {
      signal.throwIfAborted();
      const id = await nextId(parts, cell);
      const instance = await startInstance(parts, cell, release, { id, host, operation: 'keeper' });
      if (!(await enlist(ward, release, instance))) return;
      instancesReplaced.inc({ managed_environment: cell.environment, managed_service: cell.service });
      log.info(
        {
          event: 'instance.replaced',
          instance: id,
          service: cell.service,
          release: release.number,
          seconds: (Date.now() - now) / 1_000,
        },
        `${id} replaces an instance that was missing`,
      );
    }),
  );
}

async function nextId({ pool }: FleetParts, { service, environment }: Cell): Promise<string> {
  const { rows } = await pool.query<{ number: string }>(`SELECT nextval('fleet.replacements') AS number`);
  return `${service}-${environment}-k${rows[0]?.number}`;
}

async function retire({ parts, cell, release, log, signal }: Ward, instance: Instance, reason: string): Promise<void> {
  log.info({ instance: instance.id, service: cell.service }, `${instance.id} is stopped: ${reason}`);
  const rollout = release?.snapshot.rollout;
  await unlist(parts, cell, [instance.id]);
  const servers = release?.snapshot.kind === 'worker' ? [] : await parts.edge.servers(cell);
  if (servers.some(({ id }) => id === instance.id)) {
    await parts.edge.drain(cell, instance.id);
    await untilDrained(parts, cell, new Set([instance.id]), rollout?.drainSeconds ?? 30, signal);
  }
  await stopInstance(parts, cell, instance);
  await forget(parts, cell, release?.snapshot.kind ?? 'http', instance.id);
}
