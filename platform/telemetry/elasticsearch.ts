import { createCalls } from './calls';
import { connect, refuseOtherVersions } from './elasticsearch/connect';
import { asTelemetryError } from './elasticsearch/errors';
import { readLogs, readRates, readTrace } from './elasticsearch/read';
import { retain } from './elasticsearch/retention';
import { prepare } from './elasticsearch/templates';
import { readTraces } from './elasticsearch/traces';
import { write } from './elasticsearch/write';
import type { OpenTelemetryOptions } from './options';
import type { TelemetryStore } from './telemetry';

const HOUR_MS = 3_600_000;

/**
 * Documents in the data streams `traces-edwin.otel-<environment>` and `logs-edwin.otel-<environment>` of Elasticsearch 9,
 * by the server's own OpenTelemetry templates where it has them, else by ours. Reads give up after 15 s, writes after
 * 30 s for each request.
 *
 * Privileges: of the cluster `monitor`; of these streams `read` to read, `create_doc` and `auto_configure` to write.
 * The one that is given `keepDays` needs `manage_index_templates` as well, and of the streams `delete` and
 * `manage_data_stream_lifecycle`.
 *
 * A document that is sent again after its stream has rolled over in between is stored a second time.
 */
export async function openElasticsearchTelemetry(url: string, options: OpenTelemetryOptions): Promise<TelemetryStore> {
  const { keepDays, log, limitMs } = options;
  const server = connect(url, limitMs);
  const { client, where } = server;
  const calls = createCalls(where, (error) => asTelemetryError(error, where, admitted));
  let admitted = false;
  let prepared: Promise<void> | undefined;

  /** Again after a failure: somebody may have removed a template, or the server with all it had. */
  const ready = async (): Promise<void> => {
    prepared ??= prepare(client, log);
    await prepared.catch((error: unknown) => {
      prepared = undefined;
      throw error;
    });
  };
  const expire = async (): Promise<void> => {
    if (keepDays === undefined || calls.closed) return;
    try {
      const removed = await calls.run(() => retain(client, keepDays, () => calls.closed));
      if (removed > 0)
        log.debug({ removed, days: keepDays }, `${removed} documents older than ${keepDays} days removed`);
    } catch (error) {
      if (!calls.closed) log.warn({ error }, 'Old telemetry could not be removed; the next hour tries again');
    }
  };

  try {
    await calls.run(() => refuseOtherVersions(server));
    admitted = true;
    if (keepDays !== undefined) await calls.run(ready);
  } catch (error) {
    await client.close();
    throw error;
  }
  void expire();
  const hourly = setInterval(() => void expire(), HOUR_MS).unref();

  return {
    write: (documents) =>
      calls.run(async () => {
        if (documents.length === 0) return { created: 0, duplicates: 0, rejected: [] };
        await ready();
        return write(server, documents).catch((error: unknown) => {
          prepared = undefined;
          throw error;
        });
      }),
    logs: (query) => calls.run(() => readLogs(client, query)),
    traces: (query) => calls.run(() => readTraces(client, query)),
    trace: (environment, traceId) => calls.run(() => readTrace(client, environment, traceId)),
    rates: (query) => calls.run(() => readRates(client, query)),
    async close() {
      clearInterval(hourly);
      await calls.close();
      await client.close();
    },
  };
}
