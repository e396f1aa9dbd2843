import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { silent } from '../platform/log';
import { openTelemetry } from '../platform/telemetry/open';
import type { TelemetryDocument, TelemetryStore } from '../platform/telemetry/telemetry';
import { givenElasticsearch, type TestElasticsearch } from '../test/engines/elasticsearch';
import { onEngines } from '../test/engines/engine';
import { openRelay, type Relay } from '../test/engines/relay';
import { until } from '../test/until';
import { createBuffer, type TelemetryBuffer } from './buffer';
import { logDocuments } from './logs';
import { createReceiver } from './receiver';
import { spanDocuments } from './spans';

jest.setTimeout(120_000);

const s = (key: string, stringValue: string) => ({ key, value: { stringValue } });
const hex = (bytes: number): string => randomBytes(bytes).toString('hex');
const START_MS = Date.UTC(2026, 10, 23, 8);
const nanoseconds = (ms: number): string => `${START_MS + ms}000000`;
const resource = {
  attributes: [
    s('service.name', 'bot-echo'),
    s('service.version', '1.4.2'),
    s('service.instance.id', 'bot-echo-a1'),
    s('host.name', 'vm1'),
    s('telemetry.sdk.name', 'opentelemetry'),
    s('telemetry.sdk.language', 'nodejs'),
  ],
};

function requestOfSpans(count: number, traceId = hex(16)): object {
  const spans = Array.from({ length: count }, (_, index) => ({
    traceId,
    spanId: hex(8),
    name: `process ${index}`,
    kind: 5,
    startTimeUnixNano: nanoseconds(index),
    endTimeUnixNano: nanoseconds(index + 24),
    status: { code: 2, message: 'upstream 503' },
    links: [{ traceId: hex(16), spanId: hex(8) }],
    attributes: [s('messaging.system', 'pg-queue'), { key: 'queue.age_ms', value: { doubleValue: 412.5 } }],
    events: [{ name: 'exception', timeUnixNano: nanoseconds(index + 10), attributes: [s('exception.type', 'E503')] }],
  }));
  return { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'bot', version: '1.0.0' }, spans }] }] };
}

function requestOfLogs(traceId: string): object {
  const record = (text: string, attributes: object[], more: object) => ({
    timeUnixNano: nanoseconds(5),
    severityNumber: 9,
    body: { stringValue: text },
    traceId,
    spanId: hex(8),
    attributes,
    ...more,
  });
  const list = { key: 'list', value: { arrayValue: { values: [{ stringValue: 'b' }, { intValue: '1' }] } } };
  const structured = { body: { kvlistValue: { values: [s('deep', 'x'), list] } } };
  const logRecords = [
    record('bot-echo 1.4.1 -> 1.4.2 by U123', [s('event.name', 'deployment.finished'), list], {}),
    record('привет "мир"', [s('exception.type', 'TypeError'), s('exception.stacktrace', 'at x\n')], {}),
    record('', [], structured),
  ];
  return { resourceLogs: [{ resource, scopeLogs: [{ scope: { name: 'chatops' }, logRecords }] }] };
}

onEngines(['elasticsearch'], (engines) => {
  const environment = `pipeline${hex(4)}`;
  let elasticsearch: TestElasticsearch;
  let relay: Relay;
  let store: TelemetryStore;
  let buffer: TelemetryBuffer;
  let http: Server;

  beforeAll(async () => {
    elasticsearch = givenElasticsearch(engines.elasticsearch);
    relay = await openRelay({ host: '127.0.0.1', port: elasticsearch.port });
    store = await openTelemetry(elasticsearch.url({ port: relay.port }), { log: silent });
    const capacity = { documents: 2_000, bytes: 48 * 1024 * 1024 };
    buffer = createBuffer({ store, log: silent, capacity, backoffMs: 50, backoffLimitMs: 500 });
    http = createServer(createReceiver({ environmentOf: () => environment, offer: buffer.offer, log: silent }));
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    await new Promise((resolve) => http.close(resolve));
    await buffer.close(10_000);
    await store.close();
    await relay.close();
    await elasticsearch.close();
  });

  const post = async (path: string, body: object): Promise<number> => {
    const { port } = http.address() as { port: number };
    const headers = { 'content-type': 'application/json', connection: 'close' };
    const url = `http://127.0.0.1:${port}${path}`;
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    await response.arrayBuffer();
    return response.status;
  };
  const contentOf = (documents: readonly TelemetryDocument[]) =>
    documents.map((document) => ('span' in document ? document.span : document.log));
  const sorted = (documents: readonly object[]): string[] => documents.map((one) => JSON.stringify(one)).sort();

  it('what was sent over OTLP comes back from Elasticsearch as the documents that were made of it', async () => {
    const traceId = hex(16);
    const [spans, logs] = [requestOfSpans(5, traceId), requestOfLogs(traceId)];
    expect(await post('/v1/traces', spans)).toBe(200);
    expect(await post('/v1/logs', logs)).toBe(200);
    const expected = [...spanDocuments(spans, environment).documents, ...logDocuments(logs, environment, 0).documents];
    const trace = await until(
      async () => {
        const now = await store.trace(environment, traceId);
        return now.spans.length + now.logs.length === expected.length ? now : undefined;
      },
      { what: 'every document' },
    );
    expect(sorted([...trace.spans, ...trace.logs])).toEqual(sorted(contentOf(expected)));
  });

  it('while Elasticsearch is away senders are told to wait as soon as there is no room, and nothing is lost', async () => {
    const trace = (): { id: string; request: object } => {
      const id = hex(16);
      return { id, request: requestOfSpans(100, id) }; // with an exception each: 200 documents
    };
    await relay.cut();
    const taken: string[] = [];
    let refused = trace();
    for (; taken.length <= 20; refused = trace()) {
      const status = await post('/v1/traces', refused.request);
      if (status === 429) break;
      expect(status).toBe(200);
      taken.push(refused.id);
    }
    expect(taken).toHaveLength(10);
    await until(() => buffer.trouble(), { what: 'trouble is told' });
    expect(buffer.trouble()).toContain(`127.0.0.1:${relay.port}`);
    expect(buffer.waiting()).toBe(2_000);
    await relay.mend();
    const sentAgain = async (): Promise<boolean> => (await post('/v1/traces', refused.request)) === 200;
    await until(sentAgain, { what: 'there is room again', withinMs: 30_000 });
    await until(() => buffer.waiting() === 0, { what: 'everything is written', withinMs: 30_000 });
    for (const id of [...taken, refused.id]) {
      await until(
        async () => {
          const { spans, logs } = await store.trace(environment, id);
          return spans.length === 100 && logs.length === 100;
        },
        { what: 'each span and each exception' },
      );
    }
    expect(buffer.trouble()).toBeUndefined();
  });
});
