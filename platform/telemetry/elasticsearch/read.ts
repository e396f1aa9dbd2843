import { type Client, errors, type estypes } from '@elastic/elasticsearch';
import { startedAt } from '../rows';
import type { LogDocument, LogQuery, RateBucket, RateQuery, SpanDocument } from '../telemetry';
import { field, streamOf } from './streams';
import { wordsQuery } from './words';

/** Documents of one trace that a read answers with, at most. */
const TRACE_LIMIT = 2_000;
/** Rows of rates of one request; the histogram of each takes up to 25 KB of the server's memory. */
const PAGE_ROWS = 500;

type Filter = estypes.QueryDslQueryContainer;
const term = (name: string, value: string | undefined): Filter[] =>
  value === undefined ? [] : [{ term: { [name]: value } }];

/** Searches one stream; undefined where nothing was written yet. */
export async function search<T, A = unknown>(
  client: Client,
  stream: string | undefined,
  request: estypes.SearchRequest,
): Promise<estypes.SearchResponse<T, A> | undefined> {
  if (stream === undefined) return undefined;
  try {
    return await client.search<T, A>({
      index: stream,
      track_total_hits: false,
      allow_partial_search_results: false, // an answer that leaves something out would look like one that does not
      ...request,
    });
  } catch (error) {
    if (error instanceof errors.ResponseError && error.statusCode === 404) return undefined;
    throw error;
  }
}

export async function readLogs(client: Client, query: LogQuery): Promise<LogDocument[]> {
  const { filters, runtime } = wordsQuery(query.text);
  const time = {
    ...(query.since && { gte: query.since.toISOString() }),
    ...(query.until && { lt: query.until.toISOString() }),
  };
  const found = await search<LogDocument>(client, streamOf('logs', query.environment), {
    size: bounded(query.limit, 1_000),
    runtime_mappings: runtime,
    query: {
      bool: {
        filter: [
          ...term(field.service, query.service),
          ...term(field.instance, query.instance),
          ...term('trace_id', query.traceId),
          ...term('event_name', query.event),
          ...(query.minSeverity === undefined ? [] : [{ range: { severity_number: { gte: query.minSeverity } } }]),
          { range: { '@timestamp': time } },
          ...filters,
        ],
      },
    },
    sort: [{ '@timestamp': 'desc' }, { _seq_no: 'desc' }],
  });
  return sourcesOf(found);
}

export async function readTrace(
  client: Client,
  environment: string,
  traceId: string,
): Promise<{ spans: SpanDocument[]; logs: LogDocument[] }> {
  const request: estypes.SearchRequest = {
    size: TRACE_LIMIT,
    query: { bool: { filter: term('trace_id', traceId) } },
    sort: [{ '@timestamp': 'asc' }, { _seq_no: 'asc' }],
  };
  const [spans, logs] = await Promise.all([
    search<SpanDocument>(client, streamOf('traces', environment), request),
    search<LogDocument>(client, streamOf('logs', environment), request),
  ]);
  const byStart = (one: SpanDocument | LogDocument, other: SpanDocument | LogDocument) =>
    startedAt(one) - startedAt(other);
  const found = sourcesOf(spans);
  return {
    spans: found.sort(byStart),
    logs: sourcesOf(logs)
      .slice(0, TRACE_LIMIT - found.length)
      .sort(byStart),
  };
}

export async function readRates(client: Client, query: RateQuery): Promise<RateBucket[]> {
  const rows: RateBucket[] = [];
  let after: estypes.AggregationsCompositeAggregate['after_key'];
  do {
    const found = await search<never, { rows: RatePage }>(client, streamOf('traces', query.environment), {
      size: 0,
      query: {
        bool: {
          filter: [
            ...term(field.service, query.service),
            { terms: { kind: ['Server', 'Consumer'] } },
            { range: { '@timestamp': { gte: query.since.toISOString(), lt: query.until.toISOString() } } },
          ],
        },
      },
      aggs: {
        rows: {
          composite: {
            size: PAGE_ROWS,
            sources: [
              { start: { date_histogram: { field: '@timestamp', fixed_interval: `${query.stepSeconds * 1_000}ms` } } },
              { version: { terms: { field: field.version, missing_bucket: true } } },
            ],
            ...(after && { after }),
          },
          aggs: {
            failed: { filter: { term: { 'status.code': 'Error' } } },
            // A histogram answers with a value that occurred, to 1 %; a t-digest would draw a line between two that did.
            times: {
              percentiles: {
                field: 'duration',
                percents: [50, 95, 99],
                hdr: { number_of_significant_value_digits: 2 },
              },
            },
          },
        },
      },
    });
    const page = found?.aggregations?.rows;
    after = page?.after_key;
    rows.push(...(page?.buckets ?? []).map(rateOf));
  } while (after !== undefined);
  return rows;
}

interface RatePage {
  readonly after_key?: Record<string, string | number | null>;
  readonly buckets: readonly RateRow[];
}

interface RateRow {
  readonly key: { readonly start: number; readonly version: string | null };
  readonly doc_count: number;
  readonly failed: { readonly doc_count: number };
  readonly times: { readonly values: Readonly<Record<string, number | null>> };
}

function rateOf({ key, doc_count: count, failed, times }: RateRow): RateBucket {
  const ms = (percent: string): number => (times.values[percent] ?? 0) / 1e6;
  return {
    start: new Date(key.start),
    version: key.version ?? '',
    count,
    errors: failed.doc_count,
    p50Ms: ms('50.0'),
    p95Ms: ms('95.0'),
    p99Ms: ms('99.0'),
  };
}

function sourcesOf<T>(found: estypes.SearchResponse<T, unknown> | undefined): T[] {
  return (found?.hits.hits ?? []).flatMap(({ _source }) => (_source === undefined ? [] : [_source]));
}

export function bounded(limit: number, most: number): number {
  return Math.max(1, Math.min(most, Math.trunc(limit) || 1));
}
