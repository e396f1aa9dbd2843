import { DATASET, type SpanDocument, type TelemetryDocument } from '../platform/telemetry/telemetry';
import { enrichmentOf } from './enrichment';
import { exceptionLog } from './exceptions';
import {
  attributesOf,
  hexId,
  isoTime,
  type KeyValue,
  microsecondsOf,
  type OtlpScope,
  type OtlpSpanEvent,
} from './otlp';
import { resourceOf, scopeOf } from './resource';

export interface OtlpTraces {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly KeyValue[] };
    readonly scopeSpans?: readonly { readonly scope?: OtlpScope; readonly spans?: readonly OtlpSpan[] }[];
  }[];
}

interface OtlpSpan {
  readonly traceId?: unknown;
  readonly spanId?: unknown;
  readonly parentSpanId?: unknown;
  readonly name?: unknown;
  readonly kind?: unknown;
  readonly flags?: unknown;
  readonly startTimeUnixNano?: unknown;
  readonly endTimeUnixNano?: unknown;
  readonly attributes?: readonly KeyValue[];
  readonly status?: { readonly code?: unknown; readonly message?: unknown };
  readonly links?: readonly { readonly traceId?: unknown; readonly spanId?: unknown }[];
  readonly events?: readonly OtlpSpanEvent[];
}

/** What a request became: documents, and the items that are no telemetry, which the sender is told of. */
export interface Converted {
  readonly documents: TelemetryDocument[];
  readonly refused: string[];
}

/** Spans of a request as documents; their events become logs. `environment` is that of the sender's token. */
export function spanDocuments(request: OtlpTraces, environment: string): Converted {
  const converted: Converted = { documents: [], refused: [] };
  for (const { resource, scopeSpans } of request.resourceSpans ?? []) {
    const attributes = resourceOf(resource?.attributes, environment);
    for (const { scope, spans } of scopeSpans ?? []) {
      const common = { resource: { attributes }, ...scopeOf(scope) };
      for (const span of spans ?? []) convert(span, environment, common, converted);
    }
  }
  return converted;
}

type Common = Pick<SpanDocument, 'resource' | 'scope'>;

function convert(sent: OtlpSpan, environment: string, common: Common, into: Converted): void {
  const span = spanDocument(sent, environment, common);
  if (typeof span === 'string') {
    into.refused.push(span);
    return;
  }
  into.documents.push({ id: span.trace_id + span.span_id, span });
  for (const [index, event] of (sent.events ?? []).entries()) into.documents.push(exceptionLog(event, index, span));
}

const kinds = ['Internal', 'Internal', 'Server', 'Client', 'Producer', 'Consumer'] as const;

/** The document, or a sentence why there is none. */
function spanDocument(sent: OtlpSpan, environment: string, common: Common): SpanDocument | string {
  const traceId = hexId(sent.traceId, 32);
  const spanId = hexId(sent.spanId, 16);
  const startUs = microsecondsOf(sent.startTimeUnixNano);
  const name = String(sent.name ?? '');
  if (traceId === undefined || spanId === undefined) return `span "${name}" has no valid traceId and spanId`;
  if (startUs === undefined) return `span "${name}" has no startTimeUnixNano`;
  const parent = hexId(sent.parentSpanId, 16);
  const kind = kinds[Number(sent.kind ?? 0)] ?? 'Internal';
  const durationNs = nanosecondsBetween(sent.startTimeUnixNano, sent.endTimeUnixNano);
  const status = statusOf(sent.status);
  const attributes = attributesOf(sent.attributes);
  const enrichment = enrichmentOf({
    spanId,
    name,
    kind,
    durationNs,
    startUs,
    status,
    attributes,
    hasParent: parent !== undefined,
    parentIsRemote: remoteParent(Number(sent.flags ?? 0)),
  });
  return {
    '@timestamp': isoTime(startUs),
    data_stream: { type: 'traces', dataset: DATASET, namespace: environment },
    trace_id: traceId,
    span_id: spanId,
    ...(parent !== undefined && { parent_span_id: parent }),
    name,
    kind,
    duration: durationNs,
    status,
    ...linksOf(sent.links),
    attributes: { ...enrichment, ...attributes },
    ...common,
  };
}

/** Bits 8 and 9 of the flags say whether the sender knows, and whether the parent is in another process. */
function remoteParent(flags: number): boolean | undefined {
  return (flags & 0x100) === 0 ? undefined : (flags & 0x200) !== 0;
}

function statusOf(status: OtlpSpan['status']): SpanDocument['status'] {
  const code = ([undefined, 'Ok', 'Error'] as const)[Number(status?.code ?? 0)];
  const message = typeof status?.message === 'string' && status.message !== '' ? status.message : undefined;
  return { ...(code !== undefined && { code }), ...(message !== undefined && { message }) };
}

function linksOf(links: OtlpSpan['links']): Pick<SpanDocument, 'links'> {
  const known = (links ?? []).flatMap((link) => {
    const [traceId, spanId] = [hexId(link.traceId, 32), hexId(link.spanId, 16)];
    return traceId !== undefined && spanId !== undefined ? [{ trace_id: traceId, span_id: spanId }] : [];
  });
  return known.length === 0 ? {} : { links: known };
}

/** 0 when the clock went back, or the end is missing. */
function nanosecondsBetween(start: unknown, end: unknown): number {
  const [from, to] = [String(start), String(end)];
  if (!/^\d+$/.test(from) || !/^\d+$/.test(to)) return 0;
  return Math.max(0, Number(BigInt(to) - BigInt(from)));
}
