import { join } from 'node:path';
import { types } from 'node:util';
import { migrate } from '../database/migrate';
import { asPortError, openPool, whereOf } from '../database/postgres';
import { EdwinError } from '../errors';
import type { OpenTelemetryOptions } from './options';
import { readLogs, readRates, readTrace, readTraces } from './read';
import { removeBefore } from './retention';
import type { TelemetryStore } from './telemetry';
import { write } from './write';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Documents in two tables of schema `telemetry`. Reads give up after 15 s; writes after 30 s. */
export async function openPostgresTelemetry(url: string, options: OpenTelemetryOptions): Promise<TelemetryStore> {
  const where = whereOf(url);
  const pool = openPool(url, {
    query_timeout: 30_000,
    statement_timeout: 30_000,
    application_name: 'telemetry',
    options: '-c synchronous_commit=off', // a crash of the server may cost the last second of telemetry
  });
  const readers = openPool(url, { query_timeout: 16_000, statement_timeout: 15_000, application_name: 'telemetry' });
  let closed = false;

  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw asTelemetryError(error, where);
    }
  };
  try {
    await guarded(() => migrate(pool, join(__dirname, 'migrations'), 'telemetry'));
  } catch (error) {
    await Promise.all([pool.end(), readers.end()]);
    throw error;
  }
  const { keepDays, log } = options;
  const expire = async (): Promise<void> => {
    if (keepDays === undefined) return;
    try {
      const removed = await removeBefore(pool, new Date(Date.now() - keepDays * DAY_MS), () => closed);
      if (removed > 0)
        log.debug({ removed, days: keepDays }, `${removed} documents older than ${keepDays} days removed`);
    } catch (error) {
      if (!closed) log.warn({ error }, 'Old telemetry could not be removed; the next hour tries again');
    }
  };
  let expiring = expire();
  const hourly = setInterval(() => {
    expiring = expire();
  }, HOUR_MS).unref();

  return {
    write: (documents) => guarded(() => write(pool, documents)),
    logs: (query) => guarded(() => readLogs(readers, query)),
    traces: (query) => guarded(() => readTraces(readers, query)),
    trace: (environment, traceId) => guarded(() => readTrace(readers, environment, traceId)),
    rates: (query) => guarded(() => readRates(readers, query)),
    async close() {
      if (closed) return;
      closed = true;
      clearInterval(hourly);
      await expiring;
      await Promise.all([pool.end(), readers.end()]);
    },
  };
}

function asTelemetryError(error: unknown, where: string): unknown {
  const code = (error as { code?: string }).code;
  if (code === '53100' || code === '25006') {
    return new EdwinError('telemetry.full', `PostgreSQL at ${where} takes no more: ${(error as Error).message}.`, {
      cause: error,
    });
  }
  if (types.isNativeError(error) && /^Query read timeout/.test(error.message)) {
    return new EdwinError('telemetry.unreachable', `PostgreSQL at ${where} did not answer in time.`, { cause: error });
  }
  return asPortError(error, 'telemetry', where);
}
