/**
 * Preloaded into every program (`node -r ./dist/observability/instrument.js …`): OpenTelemetry's SDK, set up by the
 * standard OTEL_* variables. Without an endpoint, or with OTEL_SDK_DISABLED=true, nothing is loaded or started.
 *
 * While observability is away, at most the newest few thousand spans and logs wait; the rest are dropped in silence:
 * telemetry never blocks a program, grows it, or fills its log.
 */
import { telemetryWanted } from './endpoint';
import { loadLazily } from './lazy';
import { routeOf } from './route';

const FLUSH_LIMIT_MS = 2_000;

/** Paths whose requests are not traced: probes, scrapes, and the receiver of telemetry itself. */
const untraced = new Set(['/healthz', '/metrics', '/v1/traces', '/v1/logs', '/v1/metrics']);

function start(): void {
  const { NodeSDK, resources, tracing, logs } = loadLazily<typeof import('@opentelemetry/sdk-node')>(
    () => require('@opentelemetry/sdk-node'),
    unusedParts,
  );
  const { OTLPTraceExporter } =
    require('@opentelemetry/exporter-trace-otlp-http') as typeof import('@opentelemetry/exporter-trace-otlp-http');
  const { OTLPLogExporter } =
    require('@opentelemetry/exporter-logs-otlp-http') as typeof import('@opentelemetry/exporter-logs-otlp-http');
  const { hostname } = require('node:os') as typeof import('node:os');

  const batches = {
    scheduledDelayMillis: 1_000,
    exportTimeoutMillis: 10_000,
    maxQueueSize: 2_048,
    maxExportBatchSize: 256,
  };
  const sdk = new NodeSDK({
    resource: resources.defaultResource().merge(resources.resourceFromAttributes({ 'host.name': hostname() })),
    resourceDetectors: [resources.envDetector],
    spanProcessors: [new tracing.BatchSpanProcessor(new OTLPTraceExporter(), batches)],
    logRecordProcessors: [new logs.BatchLogRecordProcessor({ exporter: new OTLPLogExporter(), ...batches })],
    metricReaders: [],
    instrumentations: instrumentations(),
  });
  sdk.start();
  leaveFlush(() => sdk.shutdown());
}

/** What sdk-node loads for settings that we do not use; loaded when first touched, which is never. */
const unusedParts =
  /^@opentelemetry\/(configuration|sdk-metrics|sdk-trace-node|propagator-(b3|jaeger)|exporter-(zipkin|prometheus|metrics-.*|.*-(grpc|proto)))$/;

function instrumentations() {
  const { HttpInstrumentation } =
    require('@opentelemetry/instrumentation-http') as typeof import('@opentelemetry/instrumentation-http');
  const { PgInstrumentation } =
    require('@opentelemetry/instrumentation-pg') as typeof import('@opentelemetry/instrumentation-pg');
  const { PinoInstrumentation } =
    require('@opentelemetry/instrumentation-pino') as typeof import('@opentelemetry/instrumentation-pino');
  const { UndiciInstrumentation } =
    require('@opentelemetry/instrumentation-undici') as typeof import('@opentelemetry/instrumentation-undici');
  return [
    new HttpInstrumentation({
      ignoreIncomingRequestHook: ({ url = '' }) => untraced.has(url.split('?', 1)[0] ?? ''),
      requireParentforOutgoingSpans: true,
      applyCustomAttributesOnSpan: (span, request, response) => {
        // Paths that nobody serves have no route: whoever guesses addresses must not invent names of transactions.
        if (!('url' in request) || request.url === undefined || response.statusCode === 404) return;
        const route = routeOf(request.url);
        span.setAttribute('http.route', route);
        span.updateName(`${request.method} ${route}`);
      },
    }),
    new UndiciInstrumentation({ requireParentforSpans: true }),
    new PgInstrumentation({ requireParentSpan: true, ignoreConnectSpans: true, enhancedDatabaseReporting: false }),
    new PinoInstrumentation(),
  ];
}

/** `platform/program.ts` calls it as the last thing before it exits. */
function leaveFlush(shutdown: () => Promise<void>): void {
  (globalThis as { edwinFlushTelemetry?: () => Promise<void> }).edwinFlushTelemetry = async () => {
    const limit = new Promise<void>((resolve) => setTimeout(resolve, FLUSH_LIMIT_MS).unref());
    await Promise.race([shutdown().catch(() => undefined), limit]);
  };
}

if (telemetryWanted()) start();
