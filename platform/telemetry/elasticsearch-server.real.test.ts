import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { estypes } from '@elastic/elasticsearch';
import { newTraceId, sampleLog, sampleSpan } from '../../test/documents';
import { givenElasticsearch, securedElasticsearch, type TestElasticsearch } from '../../test/engines/elasticsearch';
import { onEngines } from '../../test/engines/engine';
import { openFront } from '../../test/engines/front';
import { until } from '../../test/until';
import { silent } from '../log';
import { openTelemetry } from './open';
import type { TelemetryStore } from './telemetry';

jest.setTimeout(300_000);

/** What a server is like, and who may do what: Elasticsearch's own, beside the promises of the port. */
onEngines(['elasticsearch'], (engines) => {
  let server: TestElasticsearch;
  const stores: TelemetryStore[] = [];
  beforeAll(async () => {
    const given = givenElasticsearch(engines.elasticsearch);
    server = await securedElasticsearch(given);
    if (server !== given) await given.close();
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
  });
  afterAll(() => server.close());

  const open = async (url = server.url(), options: { keepDays?: number } = {}): Promise<TelemetryStore> => {
    const store = await openTelemetry(url, { log: silent, ...options });
    stores.push(store);
    return store;
  };
  const newEnvironment = (): string => `own${randomBytes(4).toString('hex')}`;
  const span = (environment: string, at = new Date()) => sampleSpan({ environment, traceId: newTraceId(), at });
  const found = (what: string, condition: () => Promise<unknown>): Promise<unknown> => until(condition, { what });

  /** A user with these rights on the streams of one environment, and an address with its credentials. */
  async function user(cluster: estypes.SecurityClusterPrivilege[], privileges: string[], environment: string) {
    const name = `edwin-${randomBytes(4).toString('hex')}`;
    const names = [`traces-edwin.otel-${environment}`, `logs-edwin.otel-${environment}`];
    await server.client.security.putRole({ name, cluster, indices: [{ names, privileges }] });
    await server.client.security.putUser({ username: name, password: 'pass-of-a-test', roles: [name] });
    return server.url({ username: name, password: 'pass-of-a-test' });
  }

  const changeTemplate = (): Promise<unknown> =>
    server.client.indices.putIndexTemplate({
      name: 'edwin-traces',
      index_patterns: ['traces-edwin.otel-*'],
      priority: 118,
      data_stream: {},
    });

  describe('rights', () => {
    it('a right that is missing is named, and the password is not', async () => {
      const environment = newEnvironment();
      const store = await open(await user(['monitor', 'manage_index_templates'], ['read'], environment));
      const error = await store.write([span(environment)]).then(
        () => undefined,
        (reason: Error) => reason,
      );
      expect(error).toMatchObject({ code: 'telemetry.refused' });
      expect(error?.message).toMatch(/create_doc|auto_configure/);
      expect(`${error?.message} ${error?.stack} ${JSON.stringify(error)}`).not.toContain('pass-of-a-test');
    });

    it('one environment of a batch that may not be written is told, and the others of it are stored', async () => {
      const [ours, theirs] = [newEnvironment(), newEnvironment()];
      await (await open()).write([span(theirs)]);
      const rights = ['read', 'create_doc', 'auto_configure'];
      const store = await open(await user(['monitor', 'manage_index_templates'], rights, ours));
      const mine = span(ours);
      const refused = { code: 'telemetry.refused' };
      await expect(store.write([span(theirs), mine])).rejects.toMatchObject(refused);
      expect(await store.write([mine])).toEqual({ created: 0, duplicates: 1, rejected: [] });
    });

    it('a reader needs no more than to read', async () => {
      const environment = newEnvironment();
      const document = span(environment);
      await (await open()).write([document]);
      const reader = await open(await user(['monitor'], ['read'], environment));
      await found('the span', async () => (await reader.trace(environment, document.span.trace_id)).spans.length === 1);
    });

    it('the one that keeps telemetry for some days is told at its start that it may not install templates', async () => {
      const url = await user(['monitor'], ['all'], newEnvironment());
      await changeTemplate();
      await expect(open(url, { keepDays: 3_650 })).rejects.toMatchObject({
        code: 'telemetry.refused',
        message: expect.stringContaining('manage_index_templates'),
      });
    });

    it('an API key stands for user and password', async () => {
      const key = await server.client.security.createApiKey({ name: `edwin-${randomBytes(4).toString('hex')}` });
      const environment = newEnvironment();
      const url = (secret: string): string =>
        `elasticsearch+http://127.0.0.1:${server.port}?apiKey=${encodeURIComponent(secret)}`;
      expect(await (await open(url(key.encoded))).write([span(environment)])).toMatchObject({ created: 1 });
      await expect(open(url(`${key.encoded.slice(0, -6)}AAAA==`))).rejects.toMatchObject({
        code: 'telemetry.refused',
        message: expect.not.stringContaining(key.encoded.slice(0, 12)),
      });
    });
  });

  describe('the server', () => {
    it('a stream that a full disk made read-only is telemetry.full, and goes on when there is room', async () => {
      const environment = newEnvironment();
      const store = await open();
      await store.write([span(environment)]);
      const block = (value: boolean | null) =>
        server.client.indices.putSettings({
          index: `traces-edwin.otel-${environment}`,
          settings: { 'index.blocks.read_only_allow_delete': value },
        });
      await block(true);
      const waiting = span(environment);
      await expect(store.write([waiting])).rejects.toMatchObject({
        code: 'telemetry.full',
        message: expect.stringContaining(`127.0.0.1:${server.port}`),
      });
      await block(null);
      expect(await store.write([waiting])).toMatchObject({ created: 1 });
    });

    it('a document that the mapping refuses costs its neighbours nothing', async () => {
      const environment = newEnvironment();
      const store = await open();
      const good = Array.from({ length: 20 }, () => span(environment));
      const bad = span(environment);
      const broken = { ...bad, span: { ...bad.span, '@timestamp': 'the day after tomorrow' } };
      const result = await store.write([...good.slice(0, 7), broken, ...good.slice(7)]);
      expect(result).toMatchObject({ created: 20, duplicates: 0, rejected: [{ id: bad.id, retry: false }] });
      expect(result.rejected[0]?.reason).toContain('timestamp');
    });

    it('a template that somebody changed is put back', async () => {
      await changeTemplate();
      await (await open()).write([span(newEnvironment())]);
      const { index_templates } = await server.client.indices.getIndexTemplate({ name: 'edwin-traces' });
      expect(index_templates[0]?.index_template).toMatchObject({ priority: 119, _meta: { edwin: expect.anything() } });
    });

    it('another version, and what is no Elasticsearch, are told at the start', async () => {
      const mediaType = 'Invalid media-type value on headers [Accept]';
      const cases: [number, object, RegExp][] = [
        [200, { version: { number: '8.19.6' } }, /is 8\.19\.6, not 9\.x/],
        [
          400,
          { error: { type: 'media_type_header_exception', reason: mediaType }, status: 400 },
          /older than version 9/,
        ],
        [404, { message: 'no such page' }, /is not Elasticsearch/],
      ];
      for (const [status, body, message] of cases) {
        const front = await openFront(server.port, { answer: () => ({ status, body }) });
        await expect(open(server.url({ port: front.port }))).rejects.toMatchObject({
          code: 'telemetry.wrong-version',
          message: expect.stringMatching(message),
        });
        await front.close();
      }
    });

    it('old documents are removed by the one that keeps them for some days, newer ones stay', async () => {
      const environment = newEnvironment();
      const old = new Date('2010-01-01T00:00:00Z');
      const writer = await open();
      const fresh = span(environment);
      const namespace = { environment, traceId: fresh.span.trace_id, text: 'line' };
      await writer.write([
        ...Array.from({ length: 30 }, () => sampleLog({ ...namespace, at: old })),
        span(environment, old),
        fresh,
      ]);
      const [query, trace] = [{ environment, limit: 100 }, fresh.span.trace_id];
      await found('the old lines', async () => (await writer.logs(query)).length === 30);
      await found('both traces', async () => (await writer.traces(query)).length === 2);
      await open(server.url(), { keepDays: 3_650 });
      await found('that the lines are gone', async () => (await writer.logs(query)).length === 0);
      await found('that the span is gone', async () => (await writer.traces(query)).length === 1);
      expect((await writer.trace(environment, trace)).spans).toHaveLength(1);
    });

    it('a server that keeps data streams itself is told for how long, and nothing is deleted by us', async () => {
      const told: string[] = [];
      const front = await openFront(server.port, {
        answer(method, path, body) {
          if (path.startsWith('/_capabilities')) return { status: 200, body: { supported: true } };
          if (path.endsWith('/_lifecycle')) told.push(`${method} ${decodeURIComponent(path)} ${body}`);
          else if (path.includes('_delete_by_query')) told.push(path);
          else return undefined;
          return { status: 200, body: { acknowledged: true } };
        },
      });
      await open(server.url({ port: front.port }), { keepDays: 7 });
      await found('what the server is told', async () => told.length > 0);
      expect(told).toEqual([
        'PUT /_data_stream/traces-edwin.otel-*,logs-edwin.otel-*/_lifecycle {"data_retention":"168h"}',
      ]);
      await stores.pop()?.close();
      await front.close();
    });
  });

  describe('the way to it', () => {
    it('a proxy that takes small bodies only costs no more than the document that is too large', async () => {
      const environment = newEnvironment();
      const front = await openFront(server.port, { bodyLimit: 100_000 });
      const store = await open(server.url({ port: front.port }));
      const large = sampleLog({ environment, at: new Date(), text: 'x'.repeat(150_000) });
      const others = Array.from({ length: 300 }, () => span(environment));
      const result = await store.write([...others.slice(0, 100), large, ...others.slice(100)]);
      expect(result).toMatchObject({ created: 300, rejected: [{ id: large.id, retry: false }] });
      expect(result.rejected[0]?.reason).toContain('larger than the store takes');
      await stores.pop()?.close();
      await front.close();
    });

    it('over TLS only a certificate that can be verified is trusted', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'edwin-test-'));
      const make = '-x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1';
      execFileSync('openssl', ['req', ...make.split(' '), '-keyout', 'key.pem', '-out', 'cert.pem'], {
        cwd: folder,
        stdio: 'ignore',
      });
      const [key, cert] = [readFileSync(join(folder, 'key.pem')), readFileSync(join(folder, 'cert.pem'))];
      const front = await openFront(server.port, { tls: { key, cert } });
      const url = server.url({ port: front.port }).replace('+http:', '+https:');
      const environment = newEnvironment();
      expect(await (await open(`${url}?ca=${folder}/cert.pem`)).write([span(environment)])).toMatchObject({
        created: 1,
      });
      await expect(open(url)).rejects.toMatchObject({ code: 'telemetry.unreachable' });
      await expect(open(`${url}?ca=${folder}/absent.pem`)).rejects.toMatchObject({ code: 'config.invalid' });
      await stores.pop()?.close();
      await front.close();
      rmSync(folder, { recursive: true });
    });
  });
});
