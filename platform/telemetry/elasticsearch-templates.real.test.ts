import { randomBytes } from 'node:crypto';
import { newTraceId, sampleLog, sampleSpan } from '../../test/documents';
import { givenElasticsearch, type TestElasticsearch } from '../../test/engines/elasticsearch';
import { onEngines } from '../../test/engines/engine';
import { until } from '../../test/until';
import { type Logger, silent } from '../log';
import { openTelemetry } from './open';

jest.setTimeout(300_000);

/** As a whole distribution has them: the order of its parts, index modes, and types of fields, from what is here. */
onEngines(['elasticsearch'], ({ elasticsearch }) => {
  let server: TestElasticsearch;
  beforeAll(async () => {
    server = givenElasticsearch(elasticsearch);
    for (const type of ['traces', 'logs']) await installBuiltIn(type);
  });
  afterAll(async () => {
    await server.client.indices.deleteIndexTemplate({ name: ['traces-otel@template', 'logs-otel@template'] });
    for (const type of ['traces', 'logs']) await removeAddition(type);
    await server.close();
  });

  const removeAddition = (type: string): Promise<unknown> =>
    server.client.cluster.deleteComponentTemplate({ name: `${type}-otel@custom` }, { ignore: [404] });
  const installBuiltIn = (type: string): Promise<unknown> =>
    server.client.indices.putIndexTemplate({
      name: `${type}-otel@template`,
      index_patterns: [`${type}-*.otel-*`],
      priority: 120,
      data_stream: {},
      composed_of: [`${type}-otel@custom`],
      ignore_missing_component_templates: [`${type}-otel@custom`],
      template: {
        settings: { 'index.number_of_replicas': 0, ...(type === 'logs' && { 'index.mode': 'logsdb' }) },
        mappings: {
          date_detection: false,
          dynamic: false,
          dynamic_templates: [
            {
              all_strings_to_keywords: {
                match_mapping_type: 'string',
                mapping: { type: 'keyword', ignore_above: 1024 },
              },
            },
          ],
          properties: {
            '@timestamp': { type: 'date' },
            attributes: { type: 'passthrough', dynamic: true, priority: 20 },
            resource: { properties: { attributes: { type: 'passthrough', dynamic: true, priority: 40 } } },
            trace_id: { type: 'keyword' },
            span_id: { type: 'keyword' },
            parent_span_id: { type: 'keyword' },
            name: { type: 'keyword' },
            kind: { type: 'keyword' },
            duration: { type: 'long' },
            status: { properties: { code: { type: 'keyword' }, message: { type: 'keyword' } } },
            severity_number: { type: 'byte' },
            severity_text: { type: 'keyword' },
            event_name: { type: 'keyword' },
            body: { properties: { text: { type: 'text' }, structured: { type: 'flattened' } } },
          },
        },
      },
    } as Parameters<typeof server.client.indices.putIndexTemplate>[0]);
  const newEnvironment = (): string => `built${randomBytes(4).toString('hex')}`;

  it('to templates of the server only an addition is made, and documents come back as they were written', async () => {
    const [environment, traceId] = [newEnvironment(), newTraceId()];
    const store = await openTelemetry(server.url(), { log: silent });
    const at = new Date('2026-11-23T08:00:00Z');
    const span = sampleSpan({ environment, traceId, at, failed: true });
    const log = sampleLog({
      environment,
      traceId,
      at,
      text: 'connect ECONNREFUSED 127.0.0.1:5432',
      attributes: { z: 0.123456789012, list: ['b', 'a', 'b'], count: 3, a: true },
    });
    expect(await store.write([span, log])).toEqual({ created: 2, duplicates: 0, rejected: [] });
    const { index_templates } = await server.client.indices.getIndexTemplate();
    const stream = await server.client.indices.getSettings({ index: `logs-edwin.otel-${environment}` });
    expect(Object.values(stream)[0]?.settings?.index).toMatchObject({ mode: 'logsdb' });
    // Elasticsearch's own way: what nobody looks for is not made findable every second.
    expect(Object.values(stream)[0]?.settings?.index?.refresh_interval).toBeUndefined();
    expect(index_templates.filter(({ name }) => name.startsWith('traces-otel@'))).toHaveLength(1);
    const trace = await until(
      async () => {
        const now = await store.trace(environment, traceId);
        return now.spans.length === 1 && now.logs.length === 1 ? now : undefined;
      },
      { what: 'both documents' },
    );
    expect(trace).toEqual({ spans: [span.span], logs: [log.log] });
    expect(await store.logs({ environment, text: 'refused 0.0.1:54', limit: 10 })).toHaveLength(1);
    expect(await store.traces({ environment, limit: 10 })).toMatchObject([{ traceId, errors: 1, services: ['bot'] }]);
    const range = { since: at, until: new Date(at.getTime() + 10_000), stepSeconds: 10 };
    expect(await store.rates({ environment, service: 'bot', ...range })).toMatchObject([{ count: 1, errors: 1 }]);
    await store.close();
  });

  it('what is written to a stream that nobody reads is found within two seconds of looking', async () => {
    const environment = newEnvironment();
    const store = await openTelemetry(server.url(), { log: silent });
    await store.write([sampleLog({ environment, at: new Date(), text: 'before' })]);
    // At once, instead of after half a minute without a reader.
    await server.client.indices.putSettings({
      index: `logs-edwin.otel-${environment}`,
      settings: { 'index.search.idle.after': '0ms' },
    });
    await store.write([sampleLog({ environment, at: new Date(), text: 'unseen' })]);
    const found = async () => (await store.logs({ environment, text: 'unseen', limit: 10 })).length === 1;
    await until(found, { what: 'the log', withinMs: 2_000 });
    await store.close();
  });

  it("an addition of somebody else's stays as it is, and is told", async () => {
    const theirs = { settings: { 'index.number_of_replicas': 0 } };
    await server.client.cluster.putComponentTemplate({ name: 'logs-otel@custom', template: theirs });
    const warnings: string[] = [];
    const log: Logger = { ...silent, warn: (_, text) => void warnings.push(text) };
    const store = await openTelemetry(server.url(), { log, keepDays: 3_650 });
    const { component_templates } = await server.client.cluster.getComponentTemplate({ name: 'logs-otel@custom' });
    expect(component_templates[0]?.component_template._meta).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining('logs-otel@custom')]);
    await store.close();
  });
});
