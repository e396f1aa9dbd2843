import type { Attributes, SpanDocument } from '../platform/telemetry/telemetry';

/** What decides how Kibana's APM views see a span. */
export interface SpanFacts {
  readonly spanId: string;
  readonly name: string;
  readonly kind: SpanDocument['kind'];
  readonly durationNs: number;
  readonly startUs: number;
  readonly status: SpanDocument['status'];
  readonly hasParent: boolean;
  /** Undefined when the sender did not say. */
  readonly parentIsRemote: boolean | undefined;
  readonly attributes: Attributes;
}

/**
 * The attributes that Kibana's APM reads, for a span that has none of them. A transaction is the entry of a trace into
 * a service: a root, a span whose parent is in another process, or, when that is not known, a Server or Consumer.
 */
export function enrichmentOf(span: SpanFacts): Attributes {
  const failed = isFailure(span);
  const common = {
    'timestamp.us': span.startUs,
    'event.outcome': failed ? 'failure' : 'success',
    'event.success_count': failed ? 0 : 1,
  };
  return isTransaction(span) ? { ...common, ...transactionOf(span) } : { ...common, ...innerSpanOf(span) };
}

export function isTransaction({ hasParent, parentIsRemote, kind }: SpanFacts): boolean {
  if (!hasParent) return true;
  return parentIsRemote ?? (kind === 'Server' || kind === 'Consumer');
}

function transactionOf(span: SpanFacts): Attributes {
  return {
    'processor.event': 'transaction',
    'transaction.id': span.spanId,
    'transaction.name': span.name,
    'transaction.type': transactionType(span.attributes),
    'transaction.result': transactionResult(span),
    'transaction.root': !span.hasParent,
    'transaction.sampled': true,
    'transaction.duration.us': Math.floor(span.durationNs / 1_000),
    'transaction.representative_count': 1,
  };
}

function transactionType(attributes: Attributes): string {
  if ('messaging.system' in attributes) return 'messaging';
  return 'rpc.system' in attributes || httpMethod(attributes) !== undefined ? 'request' : 'unknown';
}

function transactionResult({ attributes, status }: SpanFacts): string {
  const http = httpStatus(attributes);
  if (http !== undefined && http >= 100 && http < 600) return `HTTP ${Math.floor(http / 100)}xx`;
  return status.code === 'Error' ? 'Error' : 'Success';
}

function innerSpanOf(span: SpanFacts): Attributes {
  return {
    'processor.event': 'span',
    'span.duration.us': Math.floor(span.durationNs / 1_000),
    'span.representative_count': 1,
    ...targetOf(span),
  };
}

/** Type of a span, and the dependency it talked to. */
function targetOf({ attributes, kind }: SpanFacts): Attributes {
  const database = text(attributes, 'db.system.name') ?? text(attributes, 'db.system');
  if (database) {
    const name = text(attributes, 'db.namespace') ?? text(attributes, 'db.name');
    return dependency('db', database, database, name, name ? `${database}/${name}` : database);
  }
  const queue = text(attributes, 'messaging.system');
  if (queue) {
    const name = text(attributes, 'messaging.destination.name');
    return dependency('messaging', queue, queue, name, name ? `${queue}/${name}` : queue);
  }
  const rpc = text(attributes, 'rpc.system');
  if (rpc) {
    const name = text(attributes, 'rpc.service') ?? serverOf(attributes);
    return dependency('external', rpc, rpc, name, serverOf(attributes) ?? rpc);
  }
  if (httpMethod(attributes) !== undefined && kind !== 'Internal') {
    const server = serverOf(attributes);
    return dependency('external', 'http', 'http', server, server);
  }
  return kind === 'Internal' ? { 'span.type': 'app', 'span.subtype': 'internal' } : { 'span.type': 'unknown' };
}

function dependency(
  type: string,
  subtype: string,
  target: string,
  name: string | undefined,
  resource: string | undefined,
): Attributes {
  return {
    'span.type': type,
    'span.subtype': subtype,
    'service.target.type': target,
    ...(name !== undefined && { 'service.target.name': name }),
    ...(resource !== undefined && { 'span.destination.service.resource': resource }),
  };
}

/** As APM counts: an error status, an answer of 5xx, or, for the one who asked, of 4xx. */
function isFailure(span: SpanFacts): boolean {
  if (span.status.code !== undefined) return span.status.code === 'Error';
  const status = httpStatus(span.attributes) ?? 0;
  return status >= 500 || (status >= 400 && !isTransaction(span));
}

function serverOf(attributes: Attributes): string | undefined {
  const peer = text(attributes, 'peer.service');
  if (peer) return peer;
  const address = text(attributes, 'server.address');
  const port = attributes['server.port'];
  if (address) return port === undefined ? address : `${address}:${String(port)}`;
  const url = text(attributes, 'url.full') ?? text(attributes, 'http.url');
  return url && URL.canParse(url) ? new URL(url).host : undefined;
}

function httpMethod(attributes: Attributes): string | undefined {
  return text(attributes, 'http.request.method') ?? text(attributes, 'http.method');
}

function httpStatus(attributes: Attributes): number | undefined {
  const status = Number(attributes['http.response.status_code'] ?? attributes['http.status_code'] ?? Number.NaN);
  return Number.isInteger(status) ? status : undefined;
}

function text(attributes: Attributes, key: string): string | undefined {
  const value = attributes[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
