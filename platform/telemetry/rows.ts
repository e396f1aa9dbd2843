import type { Attributes, LogDocument, SpanDocument, TelemetryDocument } from './telemetry';

export interface Row {
  readonly id: string;
  /** The document as JSON, in one line. */
  readonly document: string;
  /** Of the columns that a table keeps beside the document, in the order of its INSERT. */
  readonly values: readonly (string | number | boolean | null)[];
}

export function isSpan(document: TelemetryDocument): document is Extract<TelemetryDocument, { span: SpanDocument }> {
  return 'span' in document;
}

export function spanRow(id: string, span: SpanDocument): Row {
  const resource = span.resource.attributes;
  return {
    id,
    document: storable(span),
    values: [
      span.data_stream.namespace,
      id,
      span['@timestamp'],
      span.trace_id,
      word(resource, 'service.name'),
      word(resource, 'service.version'),
      span.parent_span_id === undefined,
      span.kind === 'Server' || span.kind === 'Consumer',
      span.status.code === 'Error',
      Math.round(span.duration),
      startedAt(span),
    ],
  };
}

export function logRow(id: string, log: LogDocument): Row {
  const resource = log.resource.attributes;
  return {
    id,
    document: storable(log),
    values: [
      log.data_stream.namespace,
      id,
      log['@timestamp'],
      log.trace_id ?? null,
      word(resource, 'service.name'),
      word(resource, 'service.instance.id'),
      log.severity_number,
      log.event_name ?? null,
    ],
  };
}

/** Microseconds since 1970, as exactly as the document knows. */
export function startedAt({ '@timestamp': time, attributes }: SpanDocument | LogDocument): number {
  const exact = attributes['timestamp.us'];
  return typeof exact === 'number' ? exact : Date.parse(time) * 1_000 || 0;
}

function word(attributes: Attributes, key: string): string {
  return String(attributes[key] ?? '');
}

/** JSON whose text every server can read: no NUL and no half of a surrogate pair; they become U+FFFD. */
export function storable(document: object): string {
  const json = JSON.stringify(document);
  if (!/\\u(0000|d[89a-f])/i.test(json)) return json;
  return JSON.stringify(document, (_, value: unknown) => (typeof value === 'string' ? wellFormed(value) : value));
}

const unstorable = /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function wellFormed(text: string): string {
  return text.replace(unstorable, '\ufffd');
}
