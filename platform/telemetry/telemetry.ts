/**
 * Telemetry store: spans and logs of all environments, as the OpenTelemetry-native Elasticsearch documents.
 * One program writes (observability); people and the gate read.
 *
 * Promises every adapter keeps (contract.ts is their test):
 * - `write` creates, never changes: a document whose `_id` is already stored is counted as a duplicate, which is success.
 *   It answers item by item; the caller writes again what was `rejected` with `retry: true`.
 * - A document is found by every read within two seconds after `write` resolved.
 * - `trace` returns spans and logs of one trace across all services, whatever the order of arrival.
 * - Reads name their environment (`data_stream.namespace`) and see no other.
 * - `close` waits for the calls that run; later ones are `telemetry.closed`.
 * Errors: `telemetry.unreachable`, `telemetry.refused`, `telemetry.full` (disk flood, read-only), `telemetry.wrong-version`.
 */
export interface TelemetryStore {
  write(documents: readonly TelemetryDocument[]): Promise<WriteResult>;
  /** Newest first. */
  logs(query: LogQuery): Promise<LogDocument[]>;
  /**
   * One line per trace, newest first: its root or, when it began elsewhere (in another environment, at a caller
   * outside), the first Server or Consumer span here. `service` finds every trace that touched the service.
   */
  traces(query: TraceQuery): Promise<TraceSummary[]>;
  /** Everything recorded under one trace id, spans by start, then logs by time; at most 2,000 documents. */
  trace(environment: string, traceId: string): Promise<{ spans: SpanDocument[]; logs: LogDocument[] }>;
  /** Rate, errors and duration of a service's transactions in steps, one row per step and release. */
  rates(query: RateQuery): Promise<RateBucket[]>;
  close(): Promise<void>;
}

/** `data_stream.dataset` of everything that Edwin records. */
export const DATASET = 'edwin.otel';

/** `id` is deterministic, so that a batch sent twice is stored once. */
export type TelemetryDocument = { readonly id: string } & (
  | { readonly span: SpanDocument }
  | { readonly log: LogDocument }
);

export interface WriteResult {
  readonly created: number;
  readonly duplicates: number;
  readonly rejected: readonly { readonly id: string; readonly reason: string; readonly retry: boolean }[];
}

export type Attributes = Readonly<Record<string, string | number | boolean | readonly (string | number | boolean)[]>>;

interface CommonDocument {
  /** ISO 8601 with milliseconds (nanoseconds are kept in `attributes['timestamp.us']`). */
  readonly '@timestamp': string;
  readonly data_stream: { readonly type: 'traces' | 'logs'; readonly dataset: string; readonly namespace: string };
  readonly attributes: Attributes;
  readonly resource: { readonly attributes: Attributes };
  readonly scope?: { readonly name: string; readonly version?: string };
}

export interface SpanDocument extends CommonDocument {
  readonly trace_id: string;
  readonly span_id: string;
  readonly parent_span_id?: string;
  readonly name: string;
  readonly kind: 'Internal' | 'Server' | 'Client' | 'Producer' | 'Consumer';
  /** Nanoseconds. */
  readonly duration: number;
  readonly status: { readonly code?: 'Ok' | 'Error'; readonly message?: string };
  readonly links?: readonly { readonly trace_id: string; readonly span_id: string }[];
}

export interface LogDocument extends CommonDocument {
  readonly observed_timestamp: string;
  readonly severity_text: string;
  readonly severity_number: number;
  readonly event_name?: string;
  readonly trace_id?: string;
  readonly span_id?: string;
  readonly body: { readonly text?: string; readonly structured?: unknown };
}

export interface LogQuery {
  readonly environment: string;
  readonly service?: string;
  readonly instance?: string;
  readonly traceId?: string;
  /** Words that all must stand in the text, each whole or inside a longer one (case-insensitive). */
  readonly text?: string;
  readonly minSeverity?: number;
  readonly event?: string;
  readonly since?: Date;
  readonly until?: Date;
  /** 1 to 1,000. */
  readonly limit: number;
}

export interface TraceQuery {
  readonly environment: string;
  readonly service?: string;
  readonly onlyErrors?: boolean;
  readonly since?: Date;
  /** 1 to 200. */
  readonly limit: number;
}

export interface TraceSummary {
  readonly traceId: string;
  readonly name: string;
  readonly service: string;
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly spans: number;
  readonly errors: number;
  /** Every service the trace touched, ordered by first span. */
  readonly services: readonly string[];
}

export interface RateQuery {
  readonly environment: string;
  readonly service: string;
  readonly since: Date;
  readonly until: Date;
  readonly stepSeconds: number;
}

export interface RateBucket {
  readonly start: Date;
  /** `service.version`, which is the release. */
  readonly version: string;
  readonly count: number;
  readonly errors: number;
  /** The time of one of the transactions, give or take 1 % and one rank. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}
