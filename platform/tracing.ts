import {
  type Attributes,
  context,
  createContextKey,
  propagation,
  ROOT_CONTEXT,
  type SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';

const tracer = trace.getTracer('edwin');

/** Trace context of now as headers (`traceparent`, `tracestate`), to be carried by a message or kept in a row. */
export function traceHeaders(): Record<string, string> {
  const headers: Record<string, string> = {};
  propagation.inject(context.active(), headers);
  return headers;
}

/** Runs `work` outside any trace: for loops that a traced call wakes, which must not go on under its name. */
export function outsideTrace<T>(work: () => T): T {
  return context.with(ROOT_CONTEXT, work);
}

export function currentTraceId(): string | undefined {
  return trace.getActiveSpan()?.spanContext().traceId;
}

export interface SpanOptions {
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
  /** Headers whose trace is continued; without them the active one is. */
  readonly parent?: Readonly<Record<string, string>>;
}

/** Runs `work` inside a span; a rejection marks the span as failed and passes on. */
export async function inSpan<T>(name: string, options: SpanOptions, work: () => Promise<T>): Promise<T> {
  const parent = options.parent === undefined ? context.active() : propagation.extract(ROOT_CONTEXT, options.parent);
  const { kind, attributes } = options;
  return tracer.startActiveSpan(
    name,
    { ...(kind !== undefined && { kind }), ...(attributes && { attributes }) },
    parent,
    async (span) => {
      try {
        return await work();
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
        span.setAttribute('error.type', error instanceof Error ? error.name : 'Error');
        throw error;
      } finally {
        span.end();
      }
    },
  );
}

/** Key by which every OpenTelemetry instrumentation knows that nothing is to be recorded. */
const suppressed = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

/** Runs `work` so that no span is made and no trace context is sent: for calls whose address holds a secret. */
export function withoutTrace<T>(work: () => Promise<T>): Promise<T> {
  return context.with(ROOT_CONTEXT.setValue(suppressed, true), work);
}
