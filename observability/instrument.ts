/**
 * Preloaded into every program (`node -r ./dist/observability/instrument.js …`): OpenTelemetry's SDK, set up by the
 * standard OTEL_* variables. Without an endpoint, or with OTEL_SDK_DISABLED=true, nothing is loaded or started.
 *
 * While observability is away, at most 2,048 spans and as many logs wait and further ones are dropped in silence:
 * telemetry never blocks a program, grows it, or fills its log.
 */
import { type TelemetrySettings, telemetrySettings } from './endpoint';
import { loadLazily } from './lazy';
import { withoutQuickStatements } from './quick-statements';
import { routeOf } from './route';

const FLUSH_LIMIT_MS = 2_000;

/** Paths whose requests are not traced: probes, scrapes, and the receiver of telemetry itself. */
const untraced = new Set(['/healthz', '/metrics', '/v1/traces', '/v1/logs', '/v1/metrics']);

function start(settings: TelemetrySettings): void {
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
    spanProcessors: [withoutQuickStatements(new tracing.BatchSpanProcessor(new OTLPTraceExporter(), batches))],
    logRecordProcessors: [new logs.BatchLogRecordProcessor({ exporter: new OTLPLogExporter(), ...batches })],
    metricReaders: [],
    instrumentations: instrumentations(settings),
  });
  sdk.start();
  leaveFlush(() => sdk.shutdown());
}

/** What sdk-node loads for settings that we do not use; loaded when first touched, which is never. */
const unusedParts =
  /^@opentelemetry\/(configuration|sdk-metrics|sdk-trace-node|propagator-(b3|jaeger)|exporter-(zipkin|prometheus|metrics-.*|.*-(grpc|proto)))$/;

/** Made, and loaded, only as far as they are wanted. */
function instrumentations({ disabled }: TelemetrySettings) {
  const wanted = Object.entries(makers).filter(([name]) => !disabled.has(name));
  return wanted.map(([, make]) => make());
}

const makers = {
  http() {
    const { HttpInstrumentation } =
      require('@opentelemetry/instrumentation-http') as typeof import('@opentelemetry/instrumentation-http');
    return new HttpInstrumentation({
      ignoreIncomingRequestHook: ({ url = '' }) => untraced.has(url.split('?', 1)[0] ?? ''),
      requireParentforOutgoingSpans: true,
      applyCustomAttributesOnSpan: (span, request, response) => {
        // Paths that nobody serves have no route: whoever guesses addresses must not invent names of transactions.
        if (!('url' in request) || request.url === undefined || response.statusCode === 404) return;
        const route = routeOf(request.url);
        span.setAttribute('http.route', route);
        span.updateName(`${request.method} ${route}`);
      },
    });
  },
  undici() {
    const { UndiciInstrumentation } =
      require('@opentelemetry/instrumentation-undici') as typeof import('@opentelemetry/instrumentation-undici');
    return new UndiciInstrumentation({ requireParentforSpans: true });
  },
  pg() {
    const { PgInstrumentation } =
      require('@opentelemetry/instrumentation-pg') as typeof import('@opentelemetry/instrumentation-pg');
    return new PgInstrumentation({
      requireParentSpan: true,
      ignoreConnectSpans: true,
      enhancedDatabaseReporting: false,
    });
  },
  pino() {
    const { PinoInstrumentation } =
      require('@opentelemetry/instrumentation-pino') as typeof import('@opentelemetry/instrumentation-pino');
    return new PinoInstrumentation();
  },
};

/** `platform/program.ts` calls it as the last thing before it exits. */
function leaveFlush(shutdown: () => Promise<void>): void {
  (globalThis as { edwinFlushTelemetry?: () => Promise<void> }).edwinFlushTelemetry = async () => {
    const limit = new Promise<void>((resolve) => setTimeout(resolve, FLUSH_LIMIT_MS).unref());
    await Promise.race([shutdown().catch(() => undefined), limit]);
  };
}

const settings = telemetrySettings();
if (settings !== undefined) start(settings);
