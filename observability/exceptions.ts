import { createHash } from 'node:crypto';
import type { Attributes, LogDocument, SpanDocument, TelemetryDocument } from '../platform/telemetry/telemetry';
import { fingerprint } from './fingerprint';
import { attributesOf, isoTime, microsecondsOf, type OtlpSpanEvent } from './otlp';

/** An event of a span as a log of its own, under the span's ids; of exceptions, with their fingerprint. */
export function exceptionLog(event: OtlpSpanEvent, index: number, span: SpanDocument): TelemetryDocument {
  const id = hashOf(`${span.trace_id}${span.span_id} event ${index}`);
  const name = String(event.name ?? 'event');
  const timeUs = microsecondsOf(event.timeUnixNano) ?? Number(span.attributes['timestamp.us']);
  const attributes = attributesOf(event.attributes);
  const isException = name === 'exception';
  const message = attributes['exception.message'];
  const log: LogDocument = {
    '@timestamp': isoTime(timeUs),
    observed_timestamp: isoTime(timeUs),
    data_stream: { ...span.data_stream, type: 'logs' },
    severity_text: isException ? 'ERROR' : 'INFO',
    severity_number: isException ? 17 : 9,
    event_name: name,
    trace_id: span.trace_id,
    span_id: span.span_id,
    body: message === undefined ? {} : { text: String(message) },
    attributes: isException ? { ...attributes, ...errorAttributes(attributes, id, timeUs) } : attributes,
    resource: span.resource,
    ...(span.scope && { scope: span.scope }),
  };
  return { id, log };
}

/** What Kibana's error views read, for attributes that hold `exception.*`. A fingerprint that was sent stays. */
export function errorAttributes(attributes: Attributes, id: string, timeUs: number): Attributes {
  const stack = attributes['exception.stacktrace'];
  return {
    'processor.event': 'error',
    'error.id': id,
    'error.grouping_key':
      attributes['error.grouping_key'] ??
      fingerprint(
        String(attributes['exception.type'] ?? 'Error'),
        String(attributes['exception.message'] ?? ''),
        stack === undefined ? undefined : String(stack),
      ),
    'timestamp.us': timeUs,
  };
}

export function hashOf(content: string): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 32);
}
