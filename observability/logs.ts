import { type Attributes, DATASET, type LogDocument } from '../platform/telemetry/telemetry';
import { errorAttributes, hashOf } from './exceptions';
import {
  type AnyValue,
  attributesOf,
  hexId,
  isoTime,
  type KeyValue,
  microsecondsOf,
  type OtlpScope,
  plainValue,
} from './otlp';
import { resourceOf, scopeOf } from './resource';
import type { Converted } from './spans';

export interface OtlpLogs {
  readonly resourceLogs?: readonly {
    readonly resource?: { readonly attributes?: readonly KeyValue[] };
    readonly scopeLogs?: readonly { readonly scope?: OtlpScope; readonly logRecords?: readonly OtlpLogRecord[] }[];
  }[];
}

interface OtlpLogRecord {
  readonly timeUnixNano?: unknown;
  readonly observedTimeUnixNano?: unknown;
  readonly severityNumber?: unknown;
  readonly severityText?: unknown;
  readonly eventName?: unknown;
  readonly body?: AnyValue;
  readonly attributes?: readonly KeyValue[];
  readonly traceId?: unknown;
  readonly spanId?: unknown;
}

/**
 * Log records of a request as documents. Ids come from the content, so that a request sent again makes no duplicates;
 * equal records within one request are counted, so that both stay. `now` (in µs) stands in for a missing time.
 */
export function logDocuments(request: OtlpLogs, environment: string, now: number): Converted {
  const converted: Converted = { documents: [], refused: [] };
  const seen = new Map<string, number>();
  for (const { resource, scopeLogs } of request.resourceLogs ?? []) {
    const attributes = resourceOf(resource?.attributes, environment);
    const sender = JSON.stringify(attributes);
    for (const { scope, logRecords } of scopeLogs ?? []) {
      const common = { resource: { attributes }, ...scopeOf(scope) };
      for (const record of logRecords ?? []) {
        const content = JSON.stringify([sender, scope?.name, record]);
        const times = seen.get(content) ?? 0;
        seen.set(content, times + 1);
        const id = hashOf(times === 0 ? content : `${content} ${times}`);
        converted.documents.push({ id, log: logDocument(record, id, environment, now, common) });
      }
    }
  }
  return converted;
}

function logDocument(
  record: OtlpLogRecord,
  id: string,
  environment: string,
  now: number,
  common: Pick<LogDocument, 'resource' | 'scope'>,
): LogDocument {
  const observedUs = microsecondsOf(record.observedTimeUnixNano);
  const timeUs = microsecondsOf(record.timeUnixNano) ?? observedUs ?? now;
  const severity = severityOf(record.severityNumber);
  const attributes = withException(attributesOf(record.attributes));
  const isError = 'exception.type' in attributes || 'exception.message' in attributes;
  const event = eventOf(record.eventName, attributes) ?? (isError ? 'exception' : undefined);
  const traceId = hexId(record.traceId, 32);
  const spanId = hexId(record.spanId, 16);
  return {
    '@timestamp': isoTime(timeUs),
    observed_timestamp: isoTime(observedUs ?? timeUs),
    data_stream: { type: 'logs', dataset: DATASET, namespace: environment },
    severity_text: String(record.severityText ?? '').toUpperCase() || severityName(severity),
    severity_number: severity,
    ...(event !== undefined && { event_name: event }),
    ...(traceId !== undefined && { trace_id: traceId }),
    ...(spanId !== undefined && { span_id: spanId }),
    body: bodyOf(record.body),
    attributes: isError ? { ...attributes, ...errorAttributes(attributes, id, timeUs) } : attributes,
    ...common,
  };
}

function bodyOf(body: AnyValue | undefined): LogDocument['body'] {
  const value = plainValue(body);
  if (value === null) return {};
  return typeof value === 'object' ? { structured: value } : { text: String(value) };
}

function eventOf(sent: unknown, attributes: Attributes): string | undefined {
  if (typeof sent === 'string' && sent !== '') return sent;
  const name = attributes['event.name'];
  return typeof name === 'string' && name !== '' ? name : undefined;
}

/** pino writes an error as `error.type`, `error.message`, `error.stack`; OpenTelemetry's names are `exception.*`. */
function withException(attributes: Attributes): Attributes {
  const { 'error.message': message, 'error.stack': stacktrace, ...rest } = attributes;
  if (stacktrace === undefined) return attributes;
  return {
    'exception.type': rest['error.type'] ?? 'Error',
    'exception.message': message ?? '',
    'exception.stacktrace': stacktrace,
    ...rest,
  };
}

function severityOf(number: unknown): number {
  const severity = Number(number ?? 9);
  return Number.isInteger(severity) && severity >= 1 && severity <= 24 ? severity : 9;
}

/** Four numbers to a name: 1–4 TRACE … 21–24 FATAL. */
function severityName(severity: number): string {
  return ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'][Math.floor((severity - 1) / 4)] ?? 'INFO';
}
