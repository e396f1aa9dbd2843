import type { FastifyPluginAsync } from 'fastify';
import { z } from 'zod';
import { EdwinError } from '../../platform/errors';
import type { Fleet } from '../../platform/fleet/fleet';
import type { LogDocument, RateBucket, SpanDocument, TelemetryStore } from '../../platform/telemetry/telemetry';
import { marksOf, toCell, toReleaseCard } from './board';

/** Where Edwin's own programs report. */
export const OWN_ENVIRONMENT = 'edwin';
const MINUTES = 15;
const STEP_SECONDS = 15;
const ARRIVAL_MS = 8_000;

const name = z.string().min(1).max(64);
const traceId = z.string().regex(/^[0-9a-f]{32}$/, 'A trace id has 32 hexadecimal digits.');
const whole = (least: number, most: number, fallback: number) =>
  z.coerce.number().int().min(least).max(most).default(fallback);

/** What the page shows of a service, its traces and its logs. */
export function evidenceRoutes(fleet: Fleet, telemetry: TelemetryStore): FastifyPluginAsync {
  const known = (environment: string): string => {
    if (environment === OWN_ENVIRONMENT || fleet.environments.includes(environment)) return environment;
    throw new EdwinError('fleet.unknown-environment', `There is no environment ${environment}.`);
  };
  return async (fastify) => {
    fastify.get('/service/:environment/:service', async (request) => {
      const { environment, service } = z.object({ environment: name, service: name }).parse(request.params);
      if (!fleet.services.includes(service))
        throw new EdwinError('fleet.unknown-service', `There is no service ${service}.`);
      const [status, operations, lines, releases] = await Promise.all([
        fleet.status({ environment: known(environment), service }),
        fleet.history({ environment, service, limit: 12 }),
        fleet.logs(service, environment, 80).catch(() => []),
        fleet.releases(service, 6),
      ]);
      return {
        cell: status[0] && toCell(status[0]),
        operations: operations.map(({ steps: _steps, ...operation }) => operation),
        lines,
        releases: releases.map(({ release, serving }) => ({ ...toReleaseCard(release), serving })),
      };
    });
    fastify.get('/rates/:environment/:service', async (request) => {
      const { environment, service } = z.object({ environment: name, service: name }).parse(request.params);
      // What was measured in the last seconds is still on its way to the store.
      const until = new Date(Date.now() - ARRIVAL_MS);
      const since = new Date(
        Math.floor((until.getTime() - MINUTES * 60_000) / (STEP_SECONDS * 1000)) * STEP_SECONDS * 1000,
      );
      const [buckets, operations] = await Promise.all([
        telemetry.rates({ environment: known(environment), service, since, until, stepSeconds: STEP_SECONDS }),
        fleet.history({ environment, service, limit: 30 }),
      ]);
      return {
        since,
        until,
        stepSeconds: STEP_SECONDS,
        points: toPoints(buckets, since, until),
        marks: marksOf(operations, since),
      };
    });
    fastify.get('/traces', async (request) => {
      const { env, service, errors, limit } = z
        .object({ env: name, service: name.optional(), errors: z.literal('1').optional(), limit: whole(1, 200, 60) })
        .parse(request.query);
      return telemetry.traces({
        environment: known(env),
        limit,
        ...(service && { service }),
        ...(errors && { onlyErrors: true }),
      });
    });
    fastify.get('/traces/:environment/:id', async (request) => {
      const { environment, id } = z.object({ environment: name, id: traceId }).parse(request.params);
      const { spans, logs } = await telemetry.trace(known(environment), id);
      return { spans: spans.map(toSpan), logs: logs.map(toLog) };
    });
    fastify.get('/logs', async (request) => {
      const query = z
        .object({
          env: name,
          service: name.optional(),
          text: z.string().max(200).optional(),
          severity: whole(0, 24, 0),
          limit: whole(1, 500, 200),
          until: z.coerce.date().optional(),
        })
        .parse(request.query);
      const { env, service, text, severity, limit, until } = query;
      const found = await telemetry.logs({
        environment: known(env),
        limit,
        ...(service && { service }),
        ...(text && { text }),
        ...(severity > 0 && { minSeverity: severity }),
        ...(until && { until }),
      });
      return found.map(toLog);
    });
  };
}

/** One point for each step, also where nothing happened: all releases together, durations weighted by their counts. */
function toPoints(
  buckets: readonly RateBucket[],
  since: Date,
  until: Date,
): { at: number; count: number; errors: number; p95Ms: number | null }[] {
  const step = STEP_SECONDS * 1000;
  // The running step is left out: it would always look like a fall.
  const length = Math.max(0, Math.floor((until.getTime() - since.getTime()) / step));
  return Array.from({ length }, (_, index) => {
    const at = since.getTime() + index * step;
    const here = buckets.filter((bucket) => bucket.start.getTime() >= at && bucket.start.getTime() < at + step);
    const count = here.reduce((sum, bucket) => sum + bucket.count, 0);
    const weighted = here.reduce((sum, bucket) => sum + bucket.p95Ms * bucket.count, 0);
    return {
      at,
      count: count / STEP_SECONDS,
      errors: here.reduce((sum, bucket) => sum + bucket.errors, 0) / STEP_SECONDS,
      p95Ms: count > 0 ? weighted / count : null,
    };
  });
}

function toSpan(span: SpanDocument) {
  const resource = span.resource.attributes;
  return {
    id: span.span_id,
    parent: span.parent_span_id,
    name: span.name,
    kind: span.kind,
    service: String(resource['service.name'] ?? '?'),
    release: resource['service.version'],
    instance: resource['service.instance.id'],
    start: startMicros(span) / 1000,
    durationMs: span.duration / 1e6,
    failed: span.status.code === 'Error',
    message: span.status.message,
    attributes: span.attributes,
  };
}

/** The documents keep microseconds beside the timestamp; without them a millisecond has to do. */
function startMicros(span: SpanDocument): number {
  const micros = span.attributes['timestamp.us'];
  return typeof micros === 'number' ? micros : Date.parse(span['@timestamp']) * 1000;
}

function toLog(log: LogDocument) {
  return {
    at: log['@timestamp'],
    service: String(log.resource.attributes['service.name'] ?? '?'),
    release: log.resource.attributes['service.version'],
    severity: log.severity_text,
    severityNumber: log.severity_number,
    event: log.event_name,
    text: log.body.text ?? JSON.stringify(log.body.structured ?? ''),
    traceId: log.trace_id,
    spanId: log.span_id,
  };
}
