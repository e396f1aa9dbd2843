import { boundsOf, type Catalog } from '../catalog';
import { type Pool, type Queryable, transaction } from '../database/postgres';
import { EdwinError } from '../errors';
import { currentTraceId, traceHeaders } from '../tracing';
import { settleCapacity } from './capacity';
import type { Operation, OperationRequest, Release } from './fleet';
import { readRelease } from './releases';
import { resolveRelease } from './resolve';
import { type OperationRow, operationOf, selectOperation } from './rows';

/** @throws `fleet.unknown-service`, `fleet.unknown-environment` */
export function checkCell(catalog: Catalog, service: string, environment?: string): void {
  if (catalog.services[service] === undefined)
    throw new EdwinError('fleet.unknown-service', `There is no service ${service}.`);
  if (environment !== undefined && !catalog.environments.includes(environment))
    throw new EdwinError('fleet.unknown-environment', `There is no environment ${environment}.`);
}

/** What serves now and what shall serve, as a request says. @throws `fleet.*` when it can not be told */
export async function resolve(
  database: Queryable,
  catalog: Catalog,
  request: OperationRequest,
): Promise<{ from: Release | undefined; to: Release }> {
  const { service, environment } = request;
  checkCell(catalog, service, environment);
  const serving = await database.query<{ environment: string; release: number }>(
    'SELECT environment, release FROM fleet.serving WHERE service = $1',
    [service],
  );
  const done = await database.query<{ kind: 'deployment' | 'rollback'; to: number }>(
    `SELECT kind, to_release AS to FROM fleet.operations
     WHERE service = $1 AND environment = $2 AND state = 'done' ORDER BY id DESC LIMIT 200`,
    [service, environment],
  );
  const newest = await database.query<{ release: number }>(
    'SELECT release FROM fleet.builds WHERE service = $1 ORDER BY id DESC LIMIT 1',
    [service],
  );
  const known = {
    environments: catalog.environments,
    newest: newest.rows[0]?.release,
    serving: Object.fromEntries(serving.rows.map((row) => [row.environment, row.release])),
    done: done.rows.reverse(),
  };
  const to = await readRelease(database, service, resolveRelease(request, known));
  const from = known.serving[environment];
  return { from: from === undefined ? undefined : await readRelease(database, service, from), to };
}

/** How a release serves. */
export interface Serving {
  /** Instances. */
  readonly wanted: number;
  /** Mark of what they were given to connect with, where it is known. */
  readonly connections: string | undefined;
}

/**
 * Journals an operation, or returns the one journaled under the same key.
 * @param isComplete whether the release already serves as it shall, all instances being healthy
 * @throws `fleet.busy`, `fleet.already-serving` and what `resolve` throws
 */
export async function journalRequest(
  pool: Pool,
  catalog: Catalog,
  request: OperationRequest,
  isComplete: (release: Release, serving: Serving) => Promise<boolean>,
): Promise<{ operation: Operation; created: boolean }> {
  const { service, environment, kind, key, requestedBy, origin = {} } = request;
  const repeated = await byKey(pool, key);
  if (repeated) return { operation: repeated, created: false };
  checkCell(catalog, service, environment);
  return transaction(pool, async (client) => {
    await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`cell ${service}/${environment}`]);
    const present = await byKey(client, key);
    if (present) return { operation: present, created: false };
    await refuseWhenBusy(client, service, environment);
    const { from, to } = await resolve(client, catalog, request);
    const bounds = boundsOf(catalog, service, environment);
    const { wanted } = await settleCapacity(client, service, environment, bounds, requestedBy);
    const again = from?.number === to.number;
    if (again && (await isComplete(to, { wanted, connections: await connectionsOf(client, service, environment) })))
      throw new EdwinError(
        'fleet.already-serving',
        `Release ${to.number} of ${service} already serves in ${environment}.`,
      );
    const { rows } = await client.query<{ id: string }>(
      `INSERT INTO fleet.operations (kind, service, environment, from_release, to_release, requested_by, phase, wanted,
                                     origin, trace, trace_id, key)
       VALUES ($1, $2, $3, $4, $5, $6, 'about to start', $7, $8, $9, $10, $11) RETURNING id`,
      [
        kind,
        service,
        environment,
        from?.number,
        to.number,
        requestedBy,
        wanted,
        JSON.stringify(origin),
        JSON.stringify(traceHeaders()),
        currentTraceId(),
        key,
      ],
    );
    const inserted = await client.query<OperationRow>(`${selectOperation} WHERE id = $1`, [rows[0]?.id]);
    return { operation: operationOf(inserted.rows[0] as OperationRow), created: true };
  });
}

async function byKey(database: Queryable, key: string): Promise<Operation | undefined> {
  const { rows } = await database.query<OperationRow>(`${selectOperation} WHERE key = $1`, [key]);
  return rows[0] && operationOf(rows[0]);
}

async function refuseWhenBusy(database: Queryable, service: string, environment: string): Promise<void> {
  const { rows } = await database.query<OperationRow>(
    `${selectOperation} WHERE service = $1 AND environment = $2 AND state IN ('planned', 'running', 'undoing')`,
    [service, environment],
  );
  if (rows[0] === undefined) return;
  const { id, kind, to, requestedBy, requestedAt } = operationOf(rows[0]);
  const since = `${requestedAt.toISOString().slice(11, 19)} UTC`;
  throw new EdwinError(
    'fleet.busy',
    `Operation ${id} of ${requestedBy} runs since ${since}: ${kind} of ${service} ${to} to ${environment}.`,
  );
}

/** Mark of what the instances that serve were given to connect with. */
async function connectionsOf(client: Queryable, service: string, environment: string): Promise<string | undefined> {
  const { rows } = await client.query<{ connections: string | null }>(
    'SELECT connections FROM fleet.serving WHERE service = $1 AND environment = $2',
    [service, environment],
  );
  return rows[0]?.connections ?? undefined;
}
