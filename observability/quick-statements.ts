import type { tracing } from '@opentelemetry/sdk-node';

const QUICK_MS = 50;

/**
 * Leaves out spans of database statements that went well within 50 ms, which they also do on a busy machine. A student's message makes forty of them; they
 * say nothing that the spans around them do not, and would be most of what is sent and stored.
 */
export function withoutQuickStatements(inner: tracing.SpanProcessor): tracing.SpanProcessor {
  return {
    onStart: (span, context) => inner.onStart(span, context),
    onEnd: (span) => {
      if (!isQuickStatement(span)) inner.onEnd(span);
    },
    forceFlush: () => inner.forceFlush(),
    shutdown: () => inner.shutdown(),
  };
}

const FAILED = 2; // SpanStatusCode.ERROR

function isQuickStatement({ attributes, status, duration: [seconds, nanos] }: tracing.ReadableSpan): boolean {
  const isStatement = attributes['db.system.name'] !== undefined || attributes['db.system'] !== undefined;
  return isStatement && status.code !== FAILED && seconds * 1_000 + nanos / 1e6 < QUICK_MS;
}
