import type { Pool } from '../database/postgres';
import { startedAt } from './rows';
import type { LogDocument, LogQuery, RateBucket, RateQuery, SpanDocument, TraceQuery, TraceSummary } from './telemetry';

/** Documents of one trace that a read answers with, at most. */
const TRACE_LIMIT = 2_000;

export async function readLogs(pool: Pool, query: LogQuery): Promise<LogDocument[]> {
  const values: unknown[] = [query.environment];
  const conditions = ['namespace = $1'];
  const where = (condition: (place: string) => string, value: unknown): void => {
    if (value === undefined) return;
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  };
  where((place) => `service = ${place}`, query.service);
  where((place) => `instance = ${place}`, query.instance);
  where((place) => `trace_id = ${place}`, query.traceId);
  where((place) => `event_name = ${place}`, query.event);
  where((place) => `severity >= ${place}`, query.minSeverity);
  where((place) => `time >= ${place}`, query.since);
  where((place) => `time < ${place}`, query.until);
  for (const word of wordsOf(query.text)) {
    where((place) => `document #>> '{body,text}' ILIKE ${place}`, `%${word.replace(/[\\%_]/g, '\\$&')}%`);
  }
  const { rows } = await pool.query<{ document: LogDocument }>(
    `SELECT document FROM telemetry.logs WHERE ${conditions.join(' AND ')}
     ORDER BY time DESC, position DESC LIMIT ${bounded(query.limit, 1_000)}`,
    values,
  );
  return rows.map(({ document }) => document);
}

export async function readTraces(pool: Pool, query: TraceQuery): Promise<TraceSummary[]> {
  const { rows } = await pool.query<SummaryRow>(
    `SELECT root.trace_id, root.document ->> 'name' AS name, root.service, root.time, root.duration, total.*
     FROM (
       SELECT * FROM telemetry.spans r
       WHERE namespace = $1 AND head AND time >= $2
         AND NOT EXISTS (
           SELECT FROM telemetry.spans s WHERE s.namespace = $1 AND s.trace_id = r.trace_id AND s.head
             AND (NOT s.root, s.started, s.id) < (NOT r.root, r.started, r.id))
         AND ($3::text IS NULL OR service = $3 OR EXISTS (
           SELECT FROM telemetry.spans s WHERE s.namespace = $1 AND s.trace_id = r.trace_id AND s.service = $3))
         AND (NOT $4::boolean OR EXISTS (
           SELECT FROM telemetry.spans s WHERE s.namespace = $1 AND s.trace_id = r.trace_id AND s.failed))
       ORDER BY time DESC LIMIT ${bounded(query.limit, 200)}
     ) root
     CROSS JOIN LATERAL (
       SELECT sum(spans)::int AS spans, sum(failed)::int AS failed, array_agg(service ORDER BY first, service) AS services
       FROM (
         SELECT s.service, count(*) AS spans, count(*) FILTER (WHERE s.failed) AS failed,
           min(s.started) AS first
         FROM telemetry.spans s WHERE s.namespace = $1 AND s.trace_id = root.trace_id GROUP BY s.service
       ) by_service
     ) total
     ORDER BY root.time DESC, root.position DESC`,
    [query.environment, query.since ?? new Date(0), query.service ?? null, query.onlyErrors ?? false],
  );
  return rows.map((row) => ({
    traceId: row.trace_id,
    name: row.name,
    service: row.service,
    startedAt: row.time,
    durationMs: Number(row.duration) / 1e6,
    spans: row.spans,
    errors: row.failed,
    services: row.services,
  }));
}

interface SummaryRow {
  trace_id: string;
  name: string;
  service: string;
  time: Date;
  duration: string;
  spans: number;
  failed: number;
  services: string[];
}

export async function readTrace(
  pool: Pool,
  environment: string,
  traceId: string,
): Promise<{ spans: SpanDocument[]; logs: LogDocument[] }> {
  const spans = await pool.query<{ document: SpanDocument }>(
    'SELECT document FROM telemetry.spans WHERE namespace = $1 AND trace_id = $2 ORDER BY time, position LIMIT $3',
    [environment, traceId, TRACE_LIMIT],
  );
  const logs = await pool.query<{ document: LogDocument }>(
    'SELECT document FROM telemetry.logs WHERE namespace = $1 AND trace_id = $2 ORDER BY time, position LIMIT $3',
    [environment, traceId, TRACE_LIMIT - spans.rows.length],
  );
  return {
    spans: spans.rows.map(({ document }) => document).sort((one, other) => startedAt(one) - startedAt(other)),
    logs: logs.rows.map(({ document }) => document).sort((one, other) => startedAt(one) - startedAt(other)),
  };
}

export async function readRates(pool: Pool, query: RateQuery): Promise<RateBucket[]> {
  const { rows } = await pool.query<RateRow>(
    `SELECT to_timestamp(floor(extract(epoch FROM time) / $5) * $5) AS start, version, count(*)::int,
       (count(*) FILTER (WHERE failed))::int AS errors,
       percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY duration) AS nanoseconds
     FROM telemetry.spans
     WHERE namespace = $1 AND service = $2 AND entry AND time >= $3 AND time < $4
     GROUP BY 1, 2 ORDER BY 1, 2`,
    [query.environment, query.service, query.since, query.until, query.stepSeconds],
  );
  return rows.map(({ start, version, count, errors, nanoseconds }) => {
    const [p50 = 0, p95 = 0, p99 = 0] = nanoseconds.map((value) => Number(value) / 1e6);
    return { start, version, count, errors, p50Ms: p50, p95Ms: p95, p99Ms: p99 };
  });
}

interface RateRow {
  start: Date;
  version: string;
  count: number;
  errors: number;
  nanoseconds: string[];
}

function wordsOf(text: string | undefined): string[] {
  return (text ?? '').split(/\s+/).filter((word) => word !== '');
}

function bounded(limit: number, most: number): number {
  return Math.max(1, Math.min(most, Math.trunc(limit) || 1));
}
