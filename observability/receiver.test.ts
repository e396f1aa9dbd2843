import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { silent } from '../platform/log';
import type { TelemetryDocument } from '../platform/telemetry/telemetry';
import { until } from '../test/until';
import { createReceiver } from './receiver';
import { parseTokens } from './tokens';

let server: Server;
let url = '';
let room = true;
let taken: TelemetryDocument[] = [];

beforeAll(async () => {
  const receive = createReceiver({
    environmentOf: parseTokens('{"token-of-stage":"stage","token-of-prod":"prod"}'),
    offer: (documents) => {
      if (room) taken.push(...documents);
      return room;
    },
    log: silent,
  });
  server = createServer(receive);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  room = true;
  taken = [];
});

const record = { timeUnixNano: '1795420800123000000', body: { stringValue: 'hello' } };
const logs = { resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] };
const headers = { authorization: 'Bearer token-of-stage', 'content-type': 'application/json' };
const send = (path: string, body: string | Buffer, more: Record<string, string> = {}) =>
  fetch(`${url}${path}`, { method: 'POST', headers: { ...headers, ...more }, body });

describe('the receiver', () => {
  it('takes logs, in the environment of the token', async () => {
    const answer = await send('/v1/logs', JSON.stringify(logs), { authorization: 'bearer  token-of-prod' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(await answer.json()).toEqual({ partialSuccess: {} });
    expect(taken).toMatchObject([{ log: { data_stream: { namespace: 'prod' }, body: { text: 'hello' } } }]);
  });

  it('unpacks gzip', async () => {
    const answer = await send('/v1/logs', gzipSync(JSON.stringify(logs)), { 'content-encoding': 'gzip' });
    expect(answer.status).toBe(200);
    expect(taken).toHaveLength(1);
  });

  it('tells of items that are no telemetry, and takes the others', async () => {
    const span = {
      traceId: 'a024c9fa73d96a454b56bf31f7be4f9e',
      spanId: 'ac01e30ff155a757',
      startTimeUnixNano: '1795420800123000000',
    };
    const spans = { resourceSpans: [{ scopeSpans: [{ spans: [{ name: 'lost' }, span] }] }] };
    const answer = await send('/v1/traces', JSON.stringify(spans));
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      partialSuccess: { rejectedSpans: '1', errorMessage: 'span "lost" has no valid traceId and spanId' },
    });
    expect(taken).toHaveLength(1);
  });

  it('an empty request is taken', async () => {
    expect((await send('/v1/traces', '{}')).status).toBe(200);
    expect(taken).toEqual([]);
  });

  const large = 'x'.repeat(9 * 1024 * 1024);
  it.each<[string, number, string, string | Buffer, Record<string, string>]>([
    ['an unknown token', 401, '/v1/logs', '{}', { authorization: 'Bearer token-of-nobody' }],
    ['no token', 401, '/v1/logs', '{}', { authorization: '' }],
    ['another scheme', 401, '/v1/logs', '{}', { authorization: 'Basic token-of-stage' }],
    ['protobuf', 415, '/v1/logs', '{}', { 'content-type': 'application/x-protobuf' }],
    ['an unknown encoding', 415, '/v1/logs', '{}', { 'content-encoding': 'br' }],
    ['what is no JSON', 400, '/v1/logs', '{"resourceLogs":', {}],
    ['a list', 400, '/v1/logs', '[]', {}],
    ['what is no gzip', 400, '/v1/logs', 'plain', { 'content-encoding': 'gzip' }],
    ['wrong shapes', 400, '/v1/logs', '{"resourceLogs":{"a":1}}', {}],
    ['wrong shapes inside', 400, '/v1/traces', '{"resourceSpans":[{"scopeSpans":[{"spans":[null]}]}]}', {}],
    ['a large body', 413, '/v1/logs', large, {}],
    ['a small body that unpacks to a large one', 413, '/v1/logs', gzipSync(large), { 'content-encoding': 'gzip' }],
    ['metrics', 404, '/v1/metrics', '{}', {}],
    ['another path', 404, '/', '{}', {}],
  ])('refuses %s with %s', async (_, status, path, body, more) => {
    const answer = await send(path, body, more);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toEqual({ code: status, message: expect.stringMatching(/\.$/) });
    expect(taken).toEqual([]);
    expect((await send('/v1/logs', JSON.stringify(logs))).status).toBe(200);
  });

  it('refuses other methods', async () => {
    const answer = await fetch(`${url}/v1/logs`, { headers });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('POST');
  });

  it('without room answers 429 with Retry-After', async () => {
    room = false;
    const answer = await send('/v1/logs', JSON.stringify(logs));
    expect(answer.status).toBe(429);
    expect(answer.headers.get('retry-after')).toBe('2');
  });

  it('senders that go away in the middle leave nothing behind', async () => {
    for (let times = 0; times < 12; times += 1) {
      const encoding = times % 2 === 0 ? { 'content-encoding': 'gzip' } : {};
      const half = request(`${url}/v1/logs`, {
        method: 'POST',
        headers: { ...headers, ...encoding, 'content-length': 7 * 1024 * 1024 },
      });
      half.on('error', () => undefined);
      await new Promise<void>((resolve) => half.write('{', () => resolve()));
      half.destroy();
    }
    // Seven of them at once would fill what may be read at once; room comes back when they are gone.
    await until(async () => (await send('/v1/logs', JSON.stringify(logs))).status === 200, {
      what: 'room for a request',
    });
    await until(
      async () => (await send('/v1/logs', `${JSON.stringify(logs)}${' '.repeat(7_000_000)}`)).status === 200,
      {
        what: 'room for a large request',
      },
    );
  });
});

describe('tokens', () => {
  it.each(['', '[]', '{}', '{"a":1}', '{"a":"NO UPPER CASE"}'])('%s is no list of tokens', (json) => {
    expect(() => parseTokens(json)).toThrow(/OTLP_TOKENS/);
  });

  it('the message of a wrong list shows none of them', () => {
    expect(() => parseTokens('{"secret-token": 5}')).toThrow(expect.not.stringContaining('secret-token'));
  });
});
