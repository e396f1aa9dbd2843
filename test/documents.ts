import { randomBytes } from 'node:crypto';
import type { Attributes, LogDocument, SpanDocument, TelemetryDocument } from '../platform/telemetry/telemetry';

/** Telemetry documents for tests: what a test does not say is plausible and the same each time. */
export interface SampleSpan {
  readonly environment: string;
  readonly traceId: string;
  readonly spanId?: string;
  readonly parent?: string;
  readonly at: Date;
  readonly ms?: number;
  readonly service?: string;
  readonly version?: string;
  readonly name?: string;
  readonly kind?: SpanDocument['kind'];
  readonly failed?: boolean;
}

export interface SampleLog {
  readonly environment: string;
  readonly at: Date;
  readonly text: string;
  readonly traceId?: string;
  readonly service?: string;
  readonly instance?: string;
  readonly severity?: number;
  readonly event?: string;
  readonly attributes?: Attributes;
}

export const newTraceId = (): string => randomBytes(16).toString('hex');
export const newSpanId = (): string => randomBytes(8).toString('hex');

export function sampleSpan(sample: SampleSpan): Extract<TelemetryDocument, { span: SpanDocument }> {
  const { environment, traceId, parent, at, failed = false } = sample;
  const spanId = sample.spanId ?? newSpanId();
  return {
    id: traceId + spanId,
    span: {
      '@timestamp': at.toISOString(),
      data_stream: { type: 'traces', dataset: 'edwin.otel', namespace: environment },
      trace_id: traceId,
      span_id: spanId,
      ...(parent !== undefined && { parent_span_id: parent }),
      name: sample.name ?? 'GET /',
      kind: sample.kind ?? 'Server',
      duration: (sample.ms ?? 10) * 1_000_000,
      status: failed ? { code: 'Error', message: 'it failed' } : {},
      attributes: { 'timestamp.us': at.getTime() * 1_000 },
      resource: { attributes: resourceOf(environment, sample.service, sample.version) },
      scope: { name: 'edwin' },
    },
  };
}

export function sampleLog(sample: SampleLog): Extract<TelemetryDocument, { log: LogDocument }> {
  const { environment, at, text, traceId, event, severity = 9 } = sample;
  return {
    id: randomBytes(16).toString('hex'),
    log: {
      '@timestamp': at.toISOString(),
      observed_timestamp: at.toISOString(),
      data_stream: { type: 'logs', dataset: 'edwin.otel', namespace: environment },
      severity_text: severity >= 17 ? 'ERROR' : 'INFO',
      severity_number: severity,
      ...(event !== undefined && { event_name: event }),
      ...(traceId !== undefined && { trace_id: traceId, span_id: newSpanId() }),
      body: { text },
      attributes: sample.attributes ?? {},
      resource: { attributes: resourceOf(environment, sample.service, undefined, sample.instance) },
      scope: { name: 'edwin' },
    },
  };
}

function resourceOf(environment: string, service = 'bot', version = '1', instance = `${service}-a1`): Attributes {
  return {
    'service.name': service,
    'service.version': version,
    'service.instance.id': instance,
    'deployment.environment.name': environment,
    'deployment.environment': environment,
    'host.name': 'vm1',
  };
}
