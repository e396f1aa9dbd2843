import { NodeSDK, tracing } from '@opentelemetry/sdk-node';

/** Records the spans that the code under test makes in this process, as a program with telemetry would. */
export function recordSpans(): { spans(): tracing.ReadableSpan[]; stop(): Promise<void> } {
  const exporter = new tracing.InMemorySpanExporter();
  const sdk = new NodeSDK({
    spanProcessors: [new tracing.SimpleSpanProcessor(exporter)],
    instrumentations: [],
    metricReaders: [],
    logRecordProcessors: [],
    resourceDetectors: [],
  });
  sdk.start();
  return { spans: () => exporter.getFinishedSpans(), stop: () => sdk.shutdown() };
}
