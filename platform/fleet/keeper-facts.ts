import type { Host, Instance } from '../hosts/hosts';
import type { RegisteredInstance } from '../registry/registry';
import { capacities } from './capacity';
import { cellKey } from './cell';
import type { Release } from './fleet';
import type { Facts, Health } from './keep';
import { environmentOf, type FleetParts } from './parts';

export interface EnvironmentFacts {
  readonly instances: readonly Instance[];
  readonly registered: readonly RegisteredInstance[];
  /** Services that an operation works on. */
  readonly active: ReadonlySet<string>;
  readonly cells: readonly CellFacts[];
}

export interface CellFacts {
  readonly service: string;
  readonly release: Release | undefined;
  /** Newest operation of the cell; when there is a newer one, the facts are no longer good. */
  readonly lastOperation: string | undefined;
  readonly facts: Facts;
}

/** One look at an environment: what shall be, from the journal, and what is, from hosts, registry and edge. */
export async function gatherFacts(
  parts: FleetParts,
  environment: string,
  health: ReadonlyMap<string, Health>,
): Promise<EnvironmentFacts> {
  const { registry } = environmentOf(parts, environment);
  const { services } = parts.catalog();
  const serving = await parts.pool.query<{ service: string; release: number }>(
    'SELECT service, release FROM fleet.serving WHERE environment = $1',
    [environment],
  );
  const releases = new Map(serving.rows.map(({ service, release }) => [service, release]));
  // What serves is kept, also when somebody took it out of the catalog.
  const names = [...new Set([...Object.keys(services), ...releases.keys()])];
  const [operations, wanted, registered] = await Promise.all([
    parts.pool.query<{ service: string; active: boolean; last: string | null }>(
      `SELECT s.service, o.finished_at IS NULL AND o.id IS NOT NULL AS active, o.id AS last
       FROM unnest($2::text[]) AS s (service) LEFT JOIN LATERAL (
         SELECT id, finished_at FROM fleet.operations
         WHERE service = s.service AND environment = $1 ORDER BY id DESC LIMIT 1) o ON true`,
      [environment, names],
    ),
    capacities(parts.pool, names, [environment]),
    registry.instances(),
  ]);
  // After the journal: what it says about an operation that ended in between must not be older than what runs.
  const listed = (await parts.listing.all(0)).filter(({ labels }) => labels.environment === environment);
  const instances = [...listed, ...unseen(environment, listed, registered, await parts.hosts.hosts())];
  const ours = await knownOperations(parts, instances);
  const last = new Map(operations.rows.map((row) => [row.service, row.last ?? undefined]));
  const now = Date.now();
  const cells = await Promise.all(
    names.map(async (service): Promise<CellFacts[]> => {
      const number = releases.get(service);
      const release = number === undefined ? undefined : await parts.releases.get(service, number);
      const kind = release?.snapshot.kind ?? services[service]?.kind ?? 'worker';
      const servers = kind === 'http' ? await parts.edge.servers({ environment, service }).catch(() => undefined) : [];
      if (servers === undefined) return []; // the edge is being restarted; the others are looked after
      const facts: Facts = {
        kind,
        serving: number,
        wanted: wanted.get(cellKey({ service, environment }))?.wanted ?? 0,
        instances: instances.filter(({ labels }) => labels.service === service),
        registered: registered.filter((entry) => entry.service === service),
        servers,
        health,
        isOurs: ({ labels: { operation } }) => operation === 'keeper' || ours.has(operation),
        now,
      };
      return [{ service, release, lastOperation: last.get(service), facts }];
    }),
  );
  const active = new Set(operations.rows.flatMap((row) => (row.active ? [row.service] : [])));
  return { instances, registered, active, cells: cells.flat() };
}

/**
 * What the registry has on hosts that can not be reached and that this controller has never seen: it may be there. It
 * is neither forgotten nor taken for an orphan.
 */
export function unseen(
  environment: string,
  listed: readonly Instance[],
  registered: readonly RegisteredInstance[],
  hosts: readonly Host[],
): Instance[] {
  const away = new Set(hosts.filter(({ state }) => state === 'unknown').map(({ name }) => name));
  const known = new Set(listed.map(({ id }) => id));
  return registered
    .filter(({ id, host }) => away.has(host) && !known.has(id))
    .map(({ id, host, service, release, address, reportedAt }) => ({
      id,
      host,
      labels: { environment, service, release, operation: 'keeper' },
      image: '',
      state: 'unknown',
      address,
      startedAt: reportedAt,
      exit: undefined,
    }));
}

/** Of the operations that instances are labelled with, those of this journal. */
export async function knownOperations(
  { pool }: Pick<FleetParts, 'pool'>,
  instances: readonly Instance[],
): Promise<Set<string>> {
  const labels = [...new Set(instances.map(({ labels: { operation } }) => operation))].filter((id) =>
    /^\d{1,15}$/.test(id),
  );
  if (labels.length === 0) return new Set();
  const { rows } = await pool.query<{ id: string }>('SELECT id FROM fleet.operations WHERE id = ANY($1::bigint[])', [
    labels,
  ]);
  return new Set(rows.map(({ id }) => id));
}
