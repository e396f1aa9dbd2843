import { types } from 'node:util';
import { Pool, type PoolClient, type PoolConfig } from 'pg';
import { EdwinError } from '../errors';

export type { PoolClient };
export { Pool };
/** What can run a statement: a pool, or the client of a transaction. */
export type Queryable = Pick<Pool, 'query'>;

/**
 * A pool of connections; `max` is small by default, since many small programs share one server. No wait is without a
 * limit: not for a connection, and not for an answer of a server that hangs.
 */
export function openPool(url: string, options: PoolConfig = {}): Pool {
  const pool = new Pool({
    connectionString: url,
    max: 4,
    connectionTimeoutMillis: 10_000,
    query_timeout: 60_000,
    // A client whose host lost its power says no goodbye; what it had locked is free again after so long.
    idle_in_transaction_session_timeout: 30_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    ...options,
  });
  pool.on('error', () => undefined); // an idle connection was lost; the next query opens another
  return pool;
}

/**
 * For `onConnect` of a pool whose statements are prepared and find few rows each: planned once on each connection, and
 * with the indexes, since a plan that was made while a table was small is kept while it grows.
 */
export function planOnce(client: Queryable): Promise<unknown> {
  return client.query(
    "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = 'off'",
  );
}

/** Runs `work` in a transaction; a rejection rolls back and passes on. `begin` may hold settings of it as well. */
export async function transaction<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
  begin = 'BEGIN',
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query(begin);
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

const refusedStates = new Set(['28000', '28P01', '3D000', '42501']);

/** Sorts an error of `pg` under a port's own codes: refused credentials, or unreachable server; others pass as they are. */
export function asPortError(
  error: unknown,
  port: 'database' | 'queue' | 'registry' | 'telemetry' | 'graph',
  where: string,
): unknown {
  if (error instanceof EdwinError || !types.isNativeError(error)) return error;
  const code = (error as { code?: string }).code ?? '';
  if (/CERT|UNABLE_TO_VERIFY|^ERR_TLS/.test(code))
    return new EdwinError(
      `${port}.refused`,
      `The certificate of PostgreSQL at ${where} is not trusted: ${error.message}.`,
      {
        cause: error,
      },
    );
  if (refusedStates.has(code))
    return new EdwinError(`${port}.refused`, `PostgreSQL at ${where} refused: ${error.message}.`, { cause: error });
  if (isConnectionLoss(error))
    return new EdwinError(`${port}.unreachable`, `PostgreSQL at ${where} does not answer: ${error.message}.`, {
      cause: error,
    });
  return error;
}

/** True for errors after which the same statement may succeed on a new connection. */
export function isConnectionLoss(error: unknown): boolean {
  if (!types.isNativeError(error)) return false; // not `instanceof`: test runners give each file another Error
  const code = (error as { code?: string }).code ?? '';
  return (
    /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENOTFOUND|ENETUNREACH)/.test(code) ||
    /^(08|57P0)/.test(code) ||
    /Connection terminated|timeout exceeded when trying to connect|Query read timeout|timeout expired|Client has encountered a connection error/.test(
      error.message,
    )
  );
}

/** `host:port/database` of a connection address, without its password. */
export function whereOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}
