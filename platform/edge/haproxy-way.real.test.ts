import { Agent } from 'node:http';
import { connect } from 'node:net';
import { onEngines } from '../../test/engines/engine';
import { type RunningHaproxy, startHaproxy } from '../../test/engines/haproxy';
import { ask, startServer } from './contract-load';
import type { Edge, Pool, PoolPolicy } from './edge';
import { openEdge } from './open';

/** The way of a request through haproxy/edge.cfg. */
onEngines(['haproxy'], ({ haproxy }) => {
  const pool: Pool = { environment: 'stage', service: 'web' };
  const policy: PoolPolicy = { holdSeconds: 0, retry: 'all' };
  let server: RunningHaproxy;
  let edge: Edge;
  const closers: (() => unknown)[] = [];

  beforeAll(async () => {
    server = await startHaproxy({ program: haproxy.setting('EDWIN_TEST_HAPROXY') });
    edge = await openEdge(server.adminUrl, { trafficUrl: server.trafficUrl, token: '' });
  });
  afterEach(async () => {
    for (const { id } of await edge.servers(pool)) await edge.remove(pool, id, { force: true });
    for (const close of closers.splice(0)) await close();
  });
  afterAll(async () => {
    await edge?.close();
    await server?.stop();
  });
  const serve = async (...args: Parameters<typeof startServer>) => {
    const one = await startServer(...args);
    closers.push(() => one.close());
    await edge.add(pool, one, policy);
    return one;
  };
  const raw = (text: string): Promise<string> =>
    new Promise((done, fail) => {
      const { port, hostname } = new URL(server.trafficUrl);
      let heard = '';
      const socket = connect(Number(port), hostname, () => socket.write(text));
      socket
        .on('data', (piece) => (heard += piece))
        .once('close', () => done(heard))
        .once('error', fail);
    });

  test('strips the prefix of the pool and tells it to the server', async () => {
    await serve('echo', ({ url, headers }, response) =>
      response.end(
        `${url} ${headers['x-forwarded-prefix']} ${headers['x-forwarded-host']} ${headers['x-forwarded-proto']}`,
      ),
    );
    const answers = [];
    for (const url of ['', '/', '?a=1', '/x/?a=1', '//x', '/../prod/mailer']) {
      const answer = await raw(`GET /stage/web${url} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
      answers.push(answer.split('\r\n\r\n')[1]);
    }
    expect(answers).toEqual(
      ['/', '/', '/?a=1', '/x/?a=1', '//x', '/../prod/mailer'].map((path) => `${path} /stage/web x http`),
    );
  });

  test.each(['/', '/stage', '/stage/', '/Stage/web', '/stage/we_b/x', '/stage%2Fweb'])(
    '%s names no pool',
    async (path) => {
      expect(await ask(`${server.trafficUrl}${path}`)).toMatchObject({
        status: 404,
        body: expect.stringContaining('no such pool'),
      });
    },
  );

  test('what a client says in the words of the edge is not believed', async () => {
    await serve('echo', ({ headers }, response) => response.end(JSON.stringify(headers)));
    const { body } = await ask(edge.url(pool), {
      headers: { 'x-edwin-pool': 'prod/web', 'x-edwin-held-since': '1', te: 'trailers' },
    });
    const { connection, ...headers } = JSON.parse(body);
    expect(headers).toEqual({
      host: expect.any(String),
      'x-edwin-pool': 'stage/web',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': headers.host,
      'x-forwarded-prefix': '/stage/web',
      'x-forwarded-proto': 'http',
    });
  });

  test('a request whose length is told in two ways is one request', async () => {
    const one = await serve('one');
    await raw(
      'POST /stage/web HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /stage/web/smuggled HTTP/1.1\r\nhost: x\r\n\r\n',
    );
    expect(one.requests).toBeLessThanOrEqual(1);
  });

  test.each([
    [1_000, 5],
    [200_000, 1],
  ])('of a body of %d bytes the servers see %d tries, as long as it fits in a buffer', async (bytes, tries) => {
    const one = await serve(
      'broken',
      (incoming) => void incoming.resume().once('end', () => incoming.socket.destroy()),
    );
    const agent = new Agent({ keepAlive: true });
    closers.push(() => agent.destroy());
    const answer = await ask(edge.url(pool), { method: 'POST', body: Buffer.alloc(bytes), agent });
    expect([answer.status, one.requests]).toEqual([502, tries]);
  });

  test('an endless answer begins before it has a body', async () => {
    await serve('events', (_, response) =>
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders(),
    );
    const stop = new AbortController();
    const answer = await fetch(edge.url(pool), { signal: stop.signal });
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    stop.abort();
  });

  test('Prometheus finds requests of each pool’s servers', async () => {
    await serve('counted');
    await ask(edge.url(pool));
    const metrics = await (await fetch(`${server.opsUrl}/metrics`)).text();
    expect(metrics).toMatch(/haproxy_server_http_responses_total\{proxy="pool-1",server="counted",code="2xx"\} 1/);
  });
});
