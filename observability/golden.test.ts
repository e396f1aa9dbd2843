import { logDocuments } from './logs';
import { spanDocuments } from './spans';

/** The documents that Kibana is known to read, field by field, and the OTLP they come from. */
const s = (key: string, stringValue: string) => ({ key, value: { stringValue } });
const resource = {
  attributes: [
    s('service.name', 'bot-echo'),
    s('service.version', '1.4.2'),
    s('service.instance.id', 'bot-echo-a1'),
    s('deployment.environment.name', 'what the sender says'),
    s('host.name', 'vm1'),
    s('telemetry.sdk.name', 'opentelemetry'),
    s('telemetry.sdk.language', 'nodejs'),
    s('telemetry.sdk.version', '2.12.0'),
  ],
};
const goldenResource = {
  attributes: {
    'service.name': 'bot-echo',
    'service.version': '1.4.2',
    'service.instance.id': 'bot-echo-a1',
    'deployment.environment.name': 'stage',
    'deployment.environment': 'stage',
    'host.name': 'vm1',
    'telemetry.sdk.name': 'opentelemetry',
    'telemetry.sdk.language': 'nodejs',
    'telemetry.sdk.version': '2.12.0',
    'agent.name': 'opentelemetry/nodejs',
    'agent.version': '2.12.0',
  },
};
const scope = { name: 'chatops', version: '1.0.0' };
const traceId = 'a024c9fa73d96a454b56bf31f7be4f9e';
const spanId = 'ac01e30ff155a757';

const span = {
  traceId,
  spanId,
  parentSpanId: '66b1c7f0a3d2e910',
  name: 'process bot.echo',
  kind: 5,
  flags: 0x301,
  startTimeUnixNano: '1795420800123000000',
  endTimeUnixNano: '1795420800146640000',
  status: { code: 2, message: 'upstream 503' },
  links: [{ traceId: 'b024c9fa73d96a454b56bf31f7be4f9e', spanId: 'bc01e30ff155a757' }],
  attributes: [
    s('messaging.system', 'pg-queue'),
    s('messaging.operation.name', 'process'),
    s('messaging.destination.name', 'bot.echo'),
    { key: 'queue.age_ms', value: { intValue: '412' } },
    s('error.type', 'UpstreamError'),
  ],
  events: [
    {
      name: 'exception',
      timeUnixNano: '1795420800140000000',
      attributes: [
        s('exception.type', 'UpstreamError'),
        s('exception.message', 'upstream 503'),
        s('exception.stacktrace', 'UpstreamError: upstream 503\n    at call (/app/services/bot/call.js:1:2)'),
      ],
    },
  ],
};

describe('golden documents', () => {
  const { documents, refused } = spanDocuments(
    { resourceSpans: [{ resource, scopeSpans: [{ scope, spans: [span] }] }] },
    'stage',
  );
  const [first, second] = documents;

  it('a span', () => {
    expect(refused).toEqual([]);
    expect(documents).toHaveLength(2);
    expect(first).toEqual({
      id: `${traceId}${spanId}`,
      span: {
        '@timestamp': '2026-11-23T08:00:00.123Z',
        data_stream: { type: 'traces', dataset: 'edwin.otel', namespace: 'stage' },
        trace_id: traceId,
        span_id: spanId,
        parent_span_id: '66b1c7f0a3d2e910',
        name: 'process bot.echo',
        kind: 'Consumer',
        duration: 23_640_000,
        status: { code: 'Error', message: 'upstream 503' },
        links: [{ trace_id: 'b024c9fa73d96a454b56bf31f7be4f9e', span_id: 'bc01e30ff155a757' }],
        attributes: {
          'messaging.system': 'pg-queue',
          'messaging.operation.name': 'process',
          'messaging.destination.name': 'bot.echo',
          'queue.age_ms': 412,
          'error.type': 'UpstreamError',
          'processor.event': 'transaction',
          'transaction.id': spanId,
          'transaction.name': 'process bot.echo',
          'transaction.type': 'messaging',
          'transaction.result': 'Error',
          'transaction.root': false,
          'transaction.sampled': true,
          'transaction.duration.us': 23_640,
          'transaction.representative_count': 1,
          'event.outcome': 'failure',
          'event.success_count': 0,
          'timestamp.us': 1_795_420_800_123_000,
        },
        resource: goldenResource,
        scope,
      },
    });
  });

  it('an exception, from an event of the span', () => {
    expect(second).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      log: {
        '@timestamp': '2026-11-23T08:00:00.140Z',
        observed_timestamp: '2026-11-23T08:00:00.140Z',
        severity_text: 'ERROR',
        severity_number: 17,
        data_stream: { type: 'logs', dataset: 'edwin.otel', namespace: 'stage' },
        event_name: 'exception',
        trace_id: traceId,
        span_id: spanId,
        body: { text: 'upstream 503' },
        attributes: {
          'exception.type': 'UpstreamError',
          'exception.message': 'upstream 503',
          'exception.stacktrace': expect.stringContaining('at call'),
          'processor.event': 'error',
          'error.id': second?.id,
          'error.grouping_key': expect.stringMatching(/^[0-9a-f]{32}$/),
          'timestamp.us': 1_795_420_800_140_000,
        },
        resource: goldenResource,
        scope,
      },
    });
  });

  it('an event of a deployment', () => {
    const record = {
      timeUnixNano: '1795420800123000000',
      observedTimeUnixNano: '1795420800124000000',
      severityNumber: 9,
      severityText: 'info',
      body: { stringValue: 'bot-echo 1.4.1 -> 1.4.2 by U123' },
      attributes: [
        s('event.name', 'deployment.finished'),
        s('deployment.id', '1208'),
        s('deployment.status', 'succeeded'),
        s('vcs.ref.head.revision', '9f2c'),
      ],
    };
    const { documents: logs } = logDocuments(
      { resourceLogs: [{ resource, scopeLogs: [{ scope: { name: 'chatops' }, logRecords: [record] }] }] },
      'stage',
      0,
    );
    expect(logs).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        log: {
          '@timestamp': '2026-11-23T08:00:00.123Z',
          observed_timestamp: '2026-11-23T08:00:00.124Z',
          severity_text: 'INFO',
          severity_number: 9,
          data_stream: { type: 'logs', dataset: 'edwin.otel', namespace: 'stage' },
          event_name: 'deployment.finished',
          body: { text: 'bot-echo 1.4.1 -> 1.4.2 by U123' },
          attributes: {
            'event.name': 'deployment.finished',
            'deployment.id': '1208',
            'deployment.status': 'succeeded',
            'vcs.ref.head.revision': '9f2c',
          },
          resource: goldenResource,
          scope: { name: 'chatops' },
        },
      },
    ]);
  });
});

describe('ids of documents', () => {
  const record = (text: string) => ({ timeUnixNano: '1795420800123000000', body: { stringValue: text } });
  const idsOf = (records: readonly object[], environment = 'stage', from: object = resource) =>
    logDocuments(
      { resourceLogs: [{ resource: from, scopeLogs: [{ logRecords: records }] }] },
      environment,
      0,
    ).documents.map(({ id }) => id);

  it('a request sent again has the same ids', () => {
    expect(idsOf([record('a'), record('b')])).toEqual(idsOf([record('a'), record('b')]));
  });

  it('equal lines of one request are two documents', () => {
    expect(new Set(idsOf([record('a'), record('a'), record('a')])).size).toBe(3);
  });

  it('another instance, time, text or environment is another document', () => {
    const [one] = idsOf([record('a')]);
    const other = { attributes: [s('service.instance.id', 'bot-echo-b2')] };
    expect(idsOf([record('a')], 'stage', other)).not.toContain(one);
    expect(idsOf([record('a')], 'prod')).not.toContain(one);
    expect(idsOf([{ ...record('a'), timeUnixNano: '1795420800124000000' }, record('b')])).not.toContain(one);
  });
});
