import { tracing } from '@opentelemetry/sdk-node';
import { withoutQuickStatements } from './quick-statements';

const names = (
  spans: { name: string; milliseconds: number; attributes?: Record<string, string>; failed?: boolean }[],
): string[] => {
  const kept = new tracing.InMemorySpanExporter();
  const provider = new tracing.BasicTracerProvider({
    spanProcessors: [withoutQuickStatements(new tracing.SimpleSpanProcessor(kept))],
  });
  for (const { name, milliseconds, attributes = {}, failed } of spans) {
    const span = provider.getTracer('test').startSpan(name, { startTime: 1_000, attributes });
    if (failed) span.setStatus({ code: 2 });
    span.end(1_000 + milliseconds);
  }
  return kept.getFinishedSpans().map(({ name }) => name);
};

test('statements that went well within 50 ms are left out, all else is kept', () => {
  const statement = { 'db.system.name': 'postgresql' };
  const spans = [
    { name: 'quick', milliseconds: 49, attributes: statement },
    { name: 'quick by its older name', milliseconds: 1, attributes: { 'db.system': 'postgresql' } },
    { name: 'slow', milliseconds: 50, attributes: statement },
    { name: 'failed', milliseconds: 1, attributes: statement, failed: true },
    { name: 'no statement', milliseconds: 1 },
  ];
  expect(names(spans)).toEqual(['slow', 'failed', 'no statement']);
});
