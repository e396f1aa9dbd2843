import { join } from 'node:path';
import { types } from 'node:util';
import { migrate } from '../database/migrate';
import { asPortError, openPool, whereOf } from '../database/postgres';
import { EdwinError } from '../errors';
import { createCalls } from './calls';
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
  const { keepDays, log, limitMs } = options;
  const open = (limit: number) =>
    openPool(url, { query_timeout: limit + 1_000, statement_timeout: limit, application_name: 'telemetry' });
  const pool = open(limitMs ?? 30_000);
  const readers = open(limitMs ?? 15_000);
  const calls = createCalls(where, (error) => asTelemetryError(error, where));

  try {
    await calls.run(() => migrate(pool, join(__dirname, 'migrations'), 'telemetry'));
  } catch (error) {
    await Promise.all([pool.end(), readers.end()]);
    throw error;
  }
  const expire = async (): Promise<void> => {
    if (keepDays === undefined) return;
    try {
      const removed = await removeBefore(pool, new Date(Date.now() - keepDays * DAY_MS), () => calls.closed);
      if (removed > 0)
        log.debug({ removed, days: keepDays }, `${removed} documents older than ${keepDays} days removed`);
    } catch (error) {
      if (!calls.closed) log.warn({ error }, 'Old telemetry could not be removed; the next hour tries again');
    }
  };
  let expiring = expire();
  const hourly = setInterval(() => {
    expiring = expire();
  }, HOUR_MS).unref();

  return {
    write: (documents) => calls.run(() => write(pool, documents)),
    logs: (query) => calls.run(() => readLogs(readers, query)),
    traces: (query) => calls.run(() => readTraces(readers, query)),
    trace: (environment, traceId) => calls.run(() => readTrace(readers, environment, traceId)),
    rates: (query) => calls.run(() => readRates(readers, query)),
    async close() {
      if (calls.closed) return;
      clearInterval(hourly);
      await calls.close();
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
