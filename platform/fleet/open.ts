import { join } from 'node:path';
import { migrate } from '../database/migrate';
import { openPool } from '../database/postgres';
import { together } from '../together';
import { inSpan } from '../tracing';
import { buildRelease } from './build';
import { openChanges } from './changes';
import { type Dispatcher, startDispatcher } from './dispatcher';
import type { Fleet, Release } from './fleet';
import { followOperation } from './follow';
import { markOfConnections } from './given';
import { readHistory } from './history';
import { openJournal } from './journal';
import { type Keeper, startKeeper } from './keeper';
import { openListing } from './listing';
import { readLogs } from './logs';
import { environmentOf, type FleetDeps, type FleetParts } from './parts';
import { forwardSteps } from './plan';
import { openReleases } from './releases';
import { checkCell, journalRequest, resolve, type Serving } from './requests';
import { shown } from './rows';
import { readStatus } from './status';

export interface RunningFleet extends Fleet {
  /** Begins to run operations and to keep what serves. Without it a fleet only reads, builds and journals requests. */
  start(): Promise<void>;
  /** Lets go of everything; what is under way stays journaled and is taken up by whoever starts next. */
  close(): Promise<void>;
}

/** Opens the fleet on its database, bringing the schema up to date. Closing it leaves the given adapters open. */
export async function openFleet(deps: FleetDeps): Promise<RunningFleet> {
  const pool = openPool(deps.databaseUrl, { max: 6 });
  await migrate(pool, join(__dirname, 'migrations'), 'fleet');
  const listing = openListing(deps.hosts);
  const changes = await openChanges(deps.databaseUrl, listing);
  const parts: FleetParts = { ...deps, pool, journal: openJournal(pool), releases: openReleases(pool), listing };
  const running: { dispatcher?: Dispatcher; keepers: Map<string, Keeper>; poke?: { stop(): void } } = {
    keepers: new Map(),
  };
  const catalog = () => deps.catalog();

  const isComplete = async (release: Release, environment: string, { wanted, connections }: Serving) => {
    const { service, number } = release;
    if (connections !== (await markOfConnections(parts, { service, environment }, release))) return false;
    const entries = await environmentOf(deps, environment).registry.instances(service);
    const here = await listing.of({ service, environment });
    const well = here.filter(
      ({ id, state, labels }) =>
        state === 'running' &&
        labels.release === number &&
        entries.some((entry) => entry.id === id && entry.health === 'passing'),
    );
    return well.length >= wanted && here.every(({ state, labels }) => state !== 'running' || labels.release === number);
  };

  /** Whoever follows an operation hears of a change at the same moment. */
  const followed = together(async (id) => shown(await parts.journal.read(Number(id))));

  const fleet: RunningFleet = {
    get environments() {
      return catalog().environments;
    },
    get services() {
      return Object.keys(catalog().services);
    },
    build: (request, onProgress = () => undefined) =>
      inSpan(`build ${request.service}`, {}, async () => {
        checkCell(catalog(), request.service);
        return buildRelease(parts, request, onProgress);
      }),
    async releases(service, limit) {
      checkCell(catalog(), service);
      return parts.releases.list(service, limit);
    },
    async request(request) {
      const { operation, created } = await journalRequest(pool, catalog(), request, (release, serving) =>
        isComplete(release, request.environment, serving),
      );
      if (!created) return operation;
      const { id, service, environment, to, requestedBy } = operation;
      deps.log.info(
        { event: 'operation.requested', operation: id, service, environment, release: to, requestedBy },
        `${requestedBy} asked for the ${operation.kind} of ${service} ${to} to ${environment}`,
      );
      running.dispatcher?.poke();
      return operation;
    },
    async plan(request) {
      const { from, to } = await resolve(pool, catalog(), request);
      const [status] = await readStatus(parts, { service: request.service, environment: request.environment });
      const steps = forwardSteps({
        kind: to.snapshot.kind,
        from: from?.number,
        to: to.number,
        wanted: status?.wanted ?? 0,
      });
      return { from, to, steps: steps.map(({ phase }) => phase) };
    },
    operation: async (id) => shown(await parts.journal.read(id)),
    history: (filter) => readHistory(pool, filter),
    follow: (id, signal) => followOperation(changes, () => followed(String(id)), id, signal),
    status: (filter = {}) => readStatus(parts, filter),
    watch: (onChange) => changes.watch(onChange),
    async logs(service, environment, tail) {
      checkCell(catalog(), service, environment);
      return readLogs(parts, { service, environment }, tail);
    },
    async start() {
      if (running.dispatcher) return;
      for (const name of deps.environments.keys()) running.keepers.set(name, startKeeper(parts, name));
      const dispatcher = startDispatcher(parts, {
        clear: async (cell) => running.keepers.get(cell.environment)?.clear(cell),
        onFinished: ({ environment }) => running.keepers.get(environment)?.poke(),
      });
      running.dispatcher = dispatcher;
      running.poke = changes.on((change) => {
        if (change.what === 'operations') dispatcher.poke(change.operation);
        if (change.what === 'unknown') dispatcher.poke();
        if (change.what === 'capacity') for (const keeper of running.keepers.values()) keeper.poke();
        // What an operation starts and stops is not the keeper's; it looks again when the operation has ended.
        if (change.what === 'hosts' && !dispatcher.holds(change.cell))
          running.keepers.get(change.cell.environment)?.poke();
      });
    },
    async close() {
      running.poke?.stop();
      await running.dispatcher?.stop();
      await Promise.all([...running.keepers.values()].map((keeper) => keeper.stop()));
      await changes.close();
      listing.close();
      await pool.end();
    },
  };
  return fleet;
}
