import { silent } from '../platform/log';
import { openTelemetry } from '../platform/telemetry/open';
import type { TelemetryStore } from '../platform/telemetry/telemetry';
import { createTestDatabase, type TestDatabase } from '../test/database';
import { startProgram, type TestProgram } from '../test/program';
import { until } from '../test/until';

let database: TestDatabase;
let store: TelemetryStore;
const programs: TestProgram[] = [];

const linked = async (name: string, observability: string, more: Record<string, string> = {}): Promise<TestProgram> => {
  const program = await startProgram(
    'test/linked-service.ts',
    {
      DATABASE_URL: database.url,
      OTEL_EXPORTER_OTLP_ENDPOINT: observability,
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer token-of-stage',
      OTEL_SERVICE_NAME: name,
      OTEL_RESOURCE_ATTRIBUTES: `service.version=7,deployment.environment.name=prod,service.instance.id=${name}-a1,host.name=vm1`,
      ...more,
    },
    { instrumented: true },
  );
  programs.push(program);
  return program;
};

beforeAll(async () => {
  database = await createTestDatabase();
  store = await openTelemetry(database.url, { log: silent });
});
afterAll(async () => {
  for (const { child } of programs) child.kill('SIGKILL');
  await store.close();
  await database.drop();
});

describe('telemetry from programs to the store', () => {
  it('two linked services make one trace, with their log lines, in the environment of their token', async () => {
    const observability = await startProgram('observability/main.ts', {
      TELEMETRY_URL: database.url,
      OTLP_TOKENS: JSON.stringify({ 'token-of-stage': 'stage', 'token-of-prod': 'prod' }),
    });
    programs.push(observability);
    const second = await linked('bot', observability.url);
    const first = await linked('gateway', observability.url, { NEXT_URL: `${second.url}/work?from=gateway` });
    await fetch(`${first.url}/healthz`);
    await fetch(`${first.url}/metrics`);
    await fetch(`${first.url}/work`);

    const found = await until(
      async () => {
        const traces = () => store.traces({ environment: 'stage', limit: 10 });
        const id = (await traces())[0]?.traceId;
        const trace = id && (await store.trace('stage', id));
        if (!trace || trace.spans.length < 7 || trace.logs.length < 4) return undefined;
        // Only now all of it has arrived.
        return { newest: (await traces())[0], ...trace };
      },
      { what: 'one trace of two services', withinMs: 15_000 },
    );
    expect(found.newest).toMatchObject({
      name: 'GET /work',
      service: 'gateway',
      errors: 0,
      services: ['gateway', 'bot'],
    });

    const shape = found.spans.map(({ kind, resource }) => `${resource.attributes['service.name']} ${kind}`);
    expect(shape.sort()).toEqual([
      'bot Client',
      'bot Internal',
      'bot Server',
      'gateway Client',
      'gateway Client',
      'gateway Internal',
      'gateway Server',
    ]);
    const entry = found.spans.find(
      ({ kind, resource }) => kind === 'Server' && resource.attributes['service.name'] === 'bot',
    );
    const call = found.spans.find(({ span_id }) => span_id === entry?.parent_span_id);
    expect(call).toMatchObject({ kind: 'Client', resource: { attributes: { 'service.name': 'gateway' } } });
    expect(entry?.attributes).toMatchObject({ 'processor.event': 'transaction', 'transaction.root': false });
    expect(entry?.resource.attributes).toMatchObject({
      'service.version': '7',
      'service.instance.id': 'bot-a1',
      'host.name': 'vm1',
      'deployment.environment.name': 'stage',
      'agent.name': 'opentelemetry/nodejs',
    });

    const decide = found.spans.filter(({ name }) => name === 'decide').map(({ span_id }) => span_id);
    const answered = found.logs.filter(({ event_name }) => event_name === 'message.answered');
    expect(answered.map(({ span_id }) => span_id).sort()).toEqual(decide.sort());
    expect(answered[0]).toMatchObject({
      severity_text: 'INFO',
      severity_number: 9,
      body: { text: 'Answered a student' },
      attributes: { student: 'S1' },
    });
    const failed = found.logs.find(({ event_name }) => event_name === 'command.failed');
    expect(failed?.attributes).toMatchObject({
      'exception.type': 'TypeError',
      'exception.message': 'no such level',
      'processor.event': 'error',
    });
    expect(failed?.attributes['exception.stacktrace']).toContain('linked-service');
    expect(failed?.attributes['error.grouping_key']).toMatch(/^[0-9a-f]{32}$/);

    const everything = JSON.stringify(found);
    expect(everything).not.toContain('stays private');
    expect(everything).not.toContain('hidden');
    expect(await first.stop()).toBe(0);
    expect(await second.stop()).toBe(0);
    expect(await observability.stop()).toBe(0);

    const traces = await store.traces({ environment: 'stage', limit: 100 });
    expect(traces).toHaveLength(1);
    const stopped = await store.logs({ environment: 'stage', event: 'program.stopped', limit: 10 });
    expect(stopped.map(({ resource }) => resource.attributes['service.name']).sort()).toEqual(['bot', 'gateway']);
    expect(await store.logs({ environment: 'prod', limit: 10 })).toEqual([]);
  });

  it('a program neither waits nor complains while observability is away', async () => {
    const alone = await linked('alone', 'http://127.0.0.1:1');
    for (let times = 0; times < 50; times += 1) await fetch(`${alone.url}/work`);
    const stopping = Date.now();
    expect(await alone.stop()).toBe(0);
    expect(Date.now() - stopping).toBeLessThan(4_000);
    expect(alone.errors()).toBe('');
    expect(alone.output()).not.toMatch(/ECONNREFUSED|OTLP/);
  });

  it('without an endpoint, or when switched off, nothing of OpenTelemetry is started', async () => {
    for (const off of [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, { OTEL_SDK_DISABLED: 'true' }]) {
      const plain = await linked('plain', 'http://127.0.0.1:1', off);
      await fetch(`${plain.url}/work`);
      expect(plain.output()).not.toContain('trace_id');
      expect(await plain.stop()).toBe(0);
    }
  });
});
