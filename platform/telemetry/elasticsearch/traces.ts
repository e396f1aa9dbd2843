import type { Client, estypes } from '@elastic/elasticsearch';
import type { SpanDocument, TraceQuery, TraceSummary } from '../telemetry';
import { bounded, search } from './read';
import { field, streamOf } from './streams';

/** Traces that a question looks at before it answers with fewer than it was asked for. */
const CANDIDATES = 10_000;
/** How much later than any of its spans the first one of a trace may seem to start, by clocks of different hosts. */
const CLOCKS_APART_MS = 5_000;

const head = {
  bool: {
    should: [
      { terms: { kind: ['Server', 'Consumer'] } },
      { bool: { must_not: { exists: { field: 'parent_span_id' } } } },
    ],
    minimum_should_match: 1,
  },
} satisfies estypes.QueryDslQueryContainer;
const failed = { term: { 'status.code': 'Error' } } satisfies estypes.QueryDslQueryContainer;

/**
 * Traces are met one by one, newest first, by a span that makes them candidates: a failed one, one of the service, or
 * else any. Each page of candidates is summed up by a second request. It ends once
 * `limit` of them are newer than anything that can still come.
 */
export async function readTraces(client: Client, query: TraceQuery): Promise<TraceSummary[]> {
  const limit = bounded(query.limit, 200);
  const since = query.since?.getTime() ?? Number.NEGATIVE_INFINITY;
  const { service, onlyErrors = false } = query;
  const sign = onlyErrors ? [failed] : service !== undefined ? [{ term: { [field.service]: service } }] : [];
  const slackMs = sign.length > 0 ? CLOCKS_APART_MS : 0;
  const wanted = ({ startedAt, errors, services }: TraceSummary): boolean =>
    startedAt.getTime() >= since &&
    (!onlyErrors || errors > 0) &&
    (service === undefined || services.includes(service));

  const seen = new Set<string>();
  const found: Ranked[] = [];
  let page: Page | undefined;
  do {
    page = await candidates(client, query.environment, {
      sign,
      size: Math.min(2_000, limit * 8 + 100),
      ...(Number.isFinite(since) && { from: since - slackMs }),
      ...(page && { after: page.after }),
    });
    if (page === undefined) break;
    const fresh = page.traceIds.filter((traceId) => !seen.has(traceId));
    for (const traceId of fresh) seen.add(traceId);
    const summaries = fresh.length === 0 ? [] : await summarize(client, query.environment, fresh);
    found.push(...summaries.filter(({ summary }) => wanted(summary)));
    const settled = page.oldest + slackMs;
    if (found.filter(({ summary }) => summary.startedAt.getTime() >= settled).length >= limit) break;
  } while (seen.size < CANDIDATES);
  return found
    .sort((one, other) => +other.summary.startedAt - +one.summary.startedAt || other.position - one.position)
    .slice(0, limit)
    .map(({ summary }) => summary);
}

interface PageQuery {
  readonly sign: readonly estypes.QueryDslQueryContainer[];
  readonly size: number;
  readonly from?: number;
  readonly after?: estypes.SortResults;
}

interface Page {
  /** Each once, newest first. */
  readonly traceIds: readonly string[];
  /** When the last of its spans started, in milliseconds. */
  readonly oldest: number;
  readonly after: estypes.SortResults;
}

/** Plain hits in order of time, of which the server reads no more than it answers; undefined when there are none. */
async function candidates(client: Client, environment: string, query: PageQuery): Promise<Page | undefined> {
  const from =
    query.from === undefined ? [] : [{ range: { '@timestamp': { gte: new Date(query.from).toISOString() } } }];
  const found = await search(client, streamOf('traces', environment), {
    size: query.size,
    _source: false,
    docvalue_fields: ['trace_id'],
    query: { bool: { filter: [...query.sign, ...from] } },
    sort: [{ '@timestamp': { order: 'desc', format: 'epoch_millis' } }, { _seq_no: 'desc' }],
    ...(query.after && { search_after: query.after }),
  });
  const hits = found?.hits.hits ?? [];
  const after = hits.at(-1)?.sort;
  if (after === undefined) return undefined;
  const traceIds = new Set(hits.map(({ fields }) => String((fields as { trace_id: [string] }).trace_id[0])));
  return { traceIds: [...traceIds], oldest: Number(after[0]), after };
}

interface Ranked {
  readonly summary: TraceSummary;
  /** Order of arrival, for those that start in the same millisecond. */
  readonly position: number;
}

/** Numbers that are not in the index as such: whether a span has a parent, and its start in microseconds. */
const runtime: estypes.MappingRuntimeFields = {
  child: { type: 'long', script: { source: "emit(doc['parent_span_id'].size())" } },
  started: {
    type: 'long',
    script: {
      source: `String f = '${field.exactTime}';
        if (doc.containsKey(f) && doc[f].size() > 0) emit((long) doc[f].value);
        else emit(doc['@timestamp'].value.toInstant().toEpochMilli() * 1000L)`,
    },
  },
};

/** One line for each trace that has a head: its first root, or else its first entry. */
async function summarize(client: Client, environment: string, traceIds: readonly string[]): Promise<Ranked[]> {
  const found = await search<SpanDocument, { traces: { buckets: readonly TraceRow[] } }>(
    client,
    streamOf('traces', environment),
    {
      size: traceIds.length,
      runtime_mappings: runtime,
      query: { bool: { filter: { terms: { trace_id: [...traceIds] } } } },
      post_filter: head,
      collapse: { field: 'trace_id' },
      sort: [{ child: 'asc' }, { started: 'asc' }, { span_id: 'asc' }, { _seq_no: 'asc' }],
      aggs: {
        traces: {
          // By value: numbering every trace of the stream for the sake of these would take seconds.
          terms: { field: 'trace_id', size: traceIds.length, execution_hint: 'map' },
          aggs: {
            failed: { filter: failed },
            services: {
              terms: { field: field.service, missing: '', size: 1_000, order: [{ first: 'asc' }, { _key: 'asc' }] },
              aggs: { first: { min: { field: 'started' } } },
            },
          },
        },
      },
    },
  );
  const rows = new Map((found?.aggregations?.traces.buckets ?? []).map((row) => [row.key, row]));
  return (found?.hits.hits ?? []).flatMap(({ _source: span, sort }) => {
    const row = span && rows.get(span.trace_id);
    return row === undefined ? [] : [{ summary: summaryOf(span as SpanDocument, row), position: Number(sort?.[3]) }];
  });
}

interface TraceRow {
  readonly key: string;
  readonly doc_count: number;
  readonly failed: { readonly doc_count: number };
  readonly services: { readonly buckets: readonly { readonly key: string }[] };
}

function summaryOf(span: SpanDocument, row: TraceRow): TraceSummary {
  return {
    traceId: span.trace_id,
    name: span.name,
    service: String(span.resource.attributes['service.name'] ?? ''),
    startedAt: new Date(span['@timestamp']),
    durationMs: span.duration / 1e6,
    spans: row.doc_count,
    errors: row.failed.doc_count,
    services: row.services.buckets.map(({ key }) => key),
  };
}
