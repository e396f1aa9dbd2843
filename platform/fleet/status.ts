import type { Catalog } from '../catalog';
import { boundsOf } from '../catalog';
import type { Instance } from '../hosts/hosts';
import type { RegisteredInstance } from '../registry/registry';
import { capacities } from './capacity';
import { type Cell, cellKey } from './cell';
import type { InstanceStatus, Operation, Release, ServiceStatus } from './fleet';
import { drift } from './keep';
import { knownOperations } from './keeper-facts';
import { environmentOf, type FleetParts } from './parts';
import { type OperationRow, operationOf, selectOperation } from './rows';

/** How old the answer of the hosts may be. */
const LISTING_MS = 200;

interface ServingRow {
  service: string;
  environment: string;
  release: number;
  since: Date;
}

/**
 * Every service in every environment of the filter, services in the catalog's order; then what runs and is in no
 * catalog.
 */
export async function readStatus(
  parts: FleetParts,
  filter: { readonly service?: string; readonly environment?: string },
): Promise<ServiceStatus[]> {
  const catalog = parts.catalog();
  const [serving, latest, wanted, instances, entryOf] = await Promise.all([
    parts.pool.query<ServingRow>('SELECT service, environment, release, since FROM fleet.serving'),
    parts.pool.query<OperationRow>(
      `${selectOperation} WHERE o.id IN (
         SELECT (SELECT max(id) FROM fleet.operations WHERE service = s.service AND environment = e.environment)
         FROM unnest($1::text[]) AS s (service), unnest($2::text[]) AS e (environment))`,
      [Object.keys(catalog.services), catalog.environments],
    ),
    capacities(parts.pool, Object.keys(catalog.services), catalog.environments),
    parts.listing.all(LISTING_MS),
    readRegistries(parts),
  ]);
  const ours = await knownOperations(parts, instances);
  const servingOf = new Map(serving.rows.map((row) => [cellKey(row), row]));
  const lastOf = new Map(latest.rows.map((row) => [cellKey(row), operationOf(row)]));
  const cells: ServiceStatus[] = [];
  for (const cell of cellsOf(catalog, serving.rows, instances)) {
    const { service, environment } = cell;
    if (filter.service !== undefined && filter.service !== service) continue;
    if (filter.environment !== undefined && filter.environment !== environment) continue;
    const row = servingOf.get(cellKey(cell));
    const release = row && (await parts.releases.get(service, row.release));
    const kind = release?.snapshot.kind ?? catalog.services[service]?.kind ?? 'worker';
    const last = lastOf.get(cellKey(cell));
    const running = last?.finishedAt === undefined ? last : undefined;
    const here = instances.filter(({ labels }) => labels.service === service && labels.environment === environment);
    const number = wanted.get(cellKey(cell))?.wanted ?? wantedOf(catalog, service, environment);
    const before = catalog.environments[catalog.environments.indexOf(environment) - 1];
    const ahead = before === undefined ? undefined : servingOf.get(cellKey({ service, environment: before }))?.release;
    const own = here.filter(({ state, labels }) => state !== 'exited' && labels.release === release?.number);
    const orphans = here.filter(
      (one) =>
        one.state !== 'exited' &&
        !own.includes(one) &&
        one.labels.operation !== 'keeper' &&
        !ours.has(one.labels.operation),
    );
    const strange = strangeness(catalog, cell);
    cells.push({
      ...cell,
      kind,
      serving: release,
      servingSince: row?.since,
      wanted: number,
      instances: instanceStatuses(here, entryOf, release, running),
      running,
      last: running === undefined ? last : await lastFinished(parts, service, environment),
      behind: ahead === undefined || release === undefined ? 0 : Math.max(0, ahead - release.number),
      drift: [...strange, ...(running ? [] : drift({ serving: release?.number, wanted: number }, own, orphans))],
      url: kind === 'http' ? parts.edge.url(cell) : undefined,
    });
  }
  return cells;
}

/** Those of the catalog, then those that only the journal or the hosts know: something runs there and nobody names it. */
function cellsOf(
  { services, environments }: Catalog,
  serving: readonly Cell[],
  instances: readonly Instance[],
): Cell[] {
  const named = Object.keys(services).flatMap((service) =>
    environments.map((environment) => ({ service, environment })),
  );
  const present = instances.filter(({ state }) => state !== 'exited').map(({ labels }) => labels);
  const known = new Set(named.map(cellKey));
  const others = new Map([...serving, ...present].map((cell) => [cellKey(cell), cell]));
  const strange = [...others]
    .filter(([key]) => !known.has(key))
    .map(([, { service, environment }]) => ({ service, environment }));
  return [...named, ...strange.sort((a, b) => (cellKey(a) < cellKey(b) ? -1 : 1))];
}

function strangeness({ services, environments }: Catalog, { service, environment }: Cell): string[] {
  return [
    ...(services[service] === undefined ? [`the catalog has no service ${service}`] : []),
    ...(environments.includes(environment) ? [] : [`the catalog has no environment ${environment}`]),
  ];
}

function wantedOf(catalog: Catalog, service: string, environment: string): number {
  return catalog.services[service] === undefined ? 0 : boundsOf(catalog, service, environment).wanted;
}

type Entry = RegisteredInstance | 'unreached' | undefined;

/** What its environment's registry says of an instance. */
async function readRegistries(parts: FleetParts): Promise<(instance: Instance) => Entry> {
  const read = async (name: string): Promise<[string, ReadonlyMap<string, RegisteredInstance> | undefined]> => {
    const entries = await environmentOf(parts, name)
      .registry.instances()
      .catch(() => undefined);
    return [name, entries && new Map(entries.map((entry) => [entry.id, entry]))];
  };
  const registries = new Map(await Promise.all([...parts.environments.keys()].map(read)));
  return ({ id, labels: { environment } }) => {
    const entries = registries.get(environment);
    return entries === undefined ? 'unreached' : entries.get(id);
  };
}

async function lastFinished(
  { pool }: FleetParts,
  service: string,
  environment: string,
): Promise<Operation | undefined> {
  const { rows } = await pool.query<OperationRow>(
    `${selectOperation} WHERE service = $1 AND environment = $2 AND finished_at IS NOT NULL ORDER BY id DESC LIMIT 1`,
    [service, environment],
  );
  return rows[0] && operationOf(rows[0]);
}

/**
 * Running instances, and exited ones only where they tell something: of an operation that runs, or newer than every
 * instance of the release that should serve.
 */
function instanceStatuses(
  instances: readonly Instance[],
  entryOf: (instance: Instance) => Entry,
  serving: Release | undefined,
  running: Operation | undefined,
): InstanceStatus[] {
  const newest = Math.max(
    0,
    ...instances.filter(({ state }) => state === 'running').map(({ startedAt }) => startedAt.getTime()),
  );
  const tells = ({ state, labels, exit, startedAt }: Instance): boolean => {
    if (state !== 'exited') return true;
    if (running) return labels.operation === String(running.id) && exit?.at !== undefined;
    return labels.release === serving?.number && startedAt.getTime() >= newest && exit?.code !== 0;
  };
  return instances
    .filter(tells)
    .sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime() || (a.id < b.id ? -1 : 1))
    .map((instance) => ({
      id: instance.id,
      host: instance.host,
      release: instance.labels.release,
      startedAt: instance.startedAt,
      ...stateOf(instance, entryOf(instance), serving, running),
    }));
}

function stateOf(
  { state, exit, labels, id }: Instance,
  entry: Entry,
  serving: Release | undefined,
  running: Operation | undefined,
): Pick<InstanceStatus, 'state' | 'note'> {
  if (state === 'exited')
    return {
      state,
      note: exit?.signal ? `ended by ${exit.signal}` : exit?.code === undefined ? '' : `status ${exit.code}`,
    };
  if (state === 'unknown') return { state, note: 'its host is not reached' };
  const leaving = running !== undefined && labels.operation !== String(running.id) && serving?.number === running.to;
  if (leaving) return { state: 'draining', note: '' };
  if (entry === 'unreached') return { state: 'unknown', note: 'the registry is not reached' };
  if (entry === undefined) return { state: 'starting', note: '' };
  if (entry.health === 'passing') return { state: 'healthy', note: entry.note };
  if (entry.health === 'critical') return { state: 'unhealthy', note: entry.note };
  return { state: 'unknown', note: `nobody vouched for ${id} lately` };
}
