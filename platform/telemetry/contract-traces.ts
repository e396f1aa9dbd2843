import { newSpanId, newTraceId } from '../../test/documents';
import type { TelemetryBench } from './contract-bench';
import type { SpanDocument, TraceQuery } from './telemetry';

const TRACES = 300;
const services = ['gateway', 'mailer', 'bot', 'analytics'];

/** Lists of traces beside those of a reader who goes through every span. */
export function tracesContract(bench: TelemetryBench): void {
  const { promise, other, at, found } = bench;

  promise('whatever is asked of traces, the answer is that of a reader of all spans', async () => {
    const environment = `${other}-many`;
    const spans = manySpans(bench, environment);
    await bench.store.write(spans.map((span) => ({ id: span.trace_id + span.span_id, span })));
    const queries: Omit<TraceQuery, 'environment'>[] = [
      { limit: 200 },
      { limit: 20 },
      { limit: 1, since: at(300_000) },
      { limit: 200, since: at(500_000) },
      { limit: 40, onlyErrors: true },
      { limit: 30, service: 'bot' },
      { limit: 200, service: 'analytics', since: at(200_000) },
      { limit: 25, service: 'mailer', onlyErrors: true },
      { limit: 10, service: 'nobody' },
    ];
    await found('every span', async () => {
      const range = { since: at(0), until: at(3_600_000), stepSeconds: 3_600 };
      const rows = await Promise.all(services.map((service) => bench.store.rates({ environment, service, ...range })));
      return rows.flat().reduce((sum, { count }) => sum + count, 0) === spans.filter(isEntry).length;
    });
    for (const query of queries) {
      const expected = listed(spans, query);
      const traces = await bench.store.traces({ environment, ...query });
      expect({ query, traces }).toEqual({ query, traces: expected });
    }
  });
}

/** The same each time: traces of one to six spans, begun here or elsewhere, some of them failed, some with a late entry. */
function manySpans({ span, at }: TelemetryBench, environment: string): SpanDocument[] {
  let state = 7;
  const random = (below: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  const kinds = ['Internal', 'Client', 'Server', 'Consumer'] as const;
  return Array.from({ length: TRACES }, (_, index) => {
    const traceId = newTraceId();
    const start = index * 2_000 + random(1_000);
    const first = { environment, traceId, spanId: newSpanId(), service: services[random(4)] as string };
    const abroad = random(5) === 0 ? { parent: newSpanId() } : {};
    const rest = Array.from({ length: random(6) }, (_, place) => ({
      ...first,
      spanId: newSpanId(),
      parent: first.spanId,
      service: services[random(random(3) + 2)] as string,
      kind: kinds[random(4)] as (typeof kinds)[number],
      at: at(start + 1 + place + 6 * (random(40) === 0 ? 15_000 : random(500))),
      failed: random(25) === 0,
    }));
    return [{ ...first, ...abroad, at: at(start), ms: random(500), failed: random(25) === 0 }, ...rest].map(
      (sample) => span(sample).span,
    );
  }).flat();
}

function listed(spans: readonly SpanDocument[], query: Omit<TraceQuery, 'environment'>): object[] {
  const traces = new Map<string, SpanDocument[]>();
  for (const span of spans) traces.set(span.trace_id, [...(traces.get(span.trace_id) ?? []), span]);
  return [...traces.values()]
    .flatMap((trace) => {
      const byStart = [...trace].sort((one, another) => startOf(one) - startOf(another));
      const entries = byStart.filter(isEntry);
      const head = byStart.find(({ parent_span_id }) => parent_span_id === undefined) ?? entries[0];
      if (head === undefined) return [];
      const errors = trace.filter(({ status }) => status.code === 'Error').length;
      const touched = [...new Set(byStart.map(serviceOf))];
      if (query.onlyErrors && errors === 0) return [];
      if (query.service !== undefined && !touched.includes(query.service)) return [];
      const startedAt = new Date(head['@timestamp']);
      if (query.since !== undefined && startedAt < query.since) return [];
      return {
        traceId: head.trace_id,
        name: head.name,
        service: serviceOf(head),
        startedAt,
        durationMs: head.duration / 1e6,
        spans: trace.length,
        errors,
        services: touched,
      };
    })
    .sort((one, another) => +another.startedAt - +one.startedAt)
    .slice(0, query.limit);
}

const isEntry = ({ kind }: SpanDocument): boolean => kind === 'Server' || kind === 'Consumer';
const startOf = ({ attributes }: SpanDocument): number => Number(attributes['timestamp.us']);
const serviceOf = ({ resource }: SpanDocument): string => String(resource.attributes['service.name']);
