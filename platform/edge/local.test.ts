import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { until } from '../../test/until';
import { silent } from '../log';
import { edgeContract } from './contract';
import { ask, startServer, type TestServer } from './contract-load';
import type { Edge, Pool } from './edge';
import { openLocalEdge } from './local';
import { openEdge } from './open';
import { type RunningEdge, startEdge } from './start';

const token = 'token-of-the-edge';
const observer = { request: () => undefined, retry: () => undefined };

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map((server) => new Promise<void>((done) => server.listen(0, '127.0.0.1', done))));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

/** The real program, in a process of its own. */
edgeContract('local', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'edwin-edge-'));
  const [traffic, admin, ops] = await freePorts(3);
  let child: ChildProcess;
  const start = (): void => {
    child = spawn(process.execPath, ['-r', './test/typescript.js', 'platform/edge/main.ts'], {
      cwd: resolve(__dirname, '../..'),
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        PATH: process.env['PATH'],
        PORT: String(ops),
        EDGE_PORT: String(traffic),
        EDGE_ADMIN_PORT: String(admin),
        EDGE_TOKEN: token,
        EDGE_STATE: join(folder, 'edge.json'),
      },
    });
  };
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await new Promise((done) => child.once('exit', done));
  };
  start();
  const healthy = () =>
    until(async () => (await fetch(`http://127.0.0.1:${ops}/healthz`)).ok, {
      what: 'the edge is healthy',
      withinMs: 20_000,
    });
  await healthy();
  const [adminUrl, trafficUrl] = [`http://127.0.0.1:${admin}`, `http://127.0.0.1:${traffic}`];
  const soon = { adminUrl, trafficUrl, token, patienceMs: 500 };
  return {
    version: 'own',
    // It starts by compiling its sources.
    edge: openLocalEdge({ ...soon, patienceMs: 20_000 }),
    open: () => openLocalEdge(soon),
    openWithoutRights: () => ({ edge: openLocalEdge({ ...soon, token: 'of-another-edge' }), close: () => undefined }),
    openNowhere: () => openLocalEdge({ ...soon, adminUrl: 'http://127.0.0.1:1' }),
    crash: kill,
    start: async () => {
      start();
      await healthy();
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    close: async () => {
      const metrics = await (await fetch(`http://127.0.0.1:${ops}/metrics`)).text();
      await kill();
      rmSync(folder, { recursive: true });
      expect(metrics).toContain('edwin_edge_request_seconds_count');
    },
  };
});

describe('the local edge', () => {
  const pool: Pool = { environment: 'stage', service: 'web' };
  const policy = { holdSeconds: 5, retry: 'idempotent' } as const;
  let folder: string;
  let running: RunningEdge;
  let edge: Edge;
  const closers: (() => Promise<unknown> | unknown)[] = [];

  const start = async (): Promise<void> => {
    running = await startEdge({
      host: '127.0.0.1',
      port: 0,
      adminPort: 0,
      token,
      stateFile: join(folder, 'edge.json'),
      log: silent,
      observer,
    });
    edge = await openEdge(`http://127.0.0.1:${running.adminPort}`, {
      trafficUrl: `http://127.0.0.1:${running.port}`,
      token,
    });
  };
  const serve = async (...args: Parameters<typeof startServer>): Promise<TestServer> => {
    const server = await startServer(...args);
    closers.push(() => server.close());
    return server;
  };
  const raw = (text: string): Promise<string> =>
    new Promise((done, fail) => {
      const socket: Socket = connect(running.port, '127.0.0.1', () => socket.write(text));
      let heard = '';
      socket
        .on('data', (piece) => (heard += piece))
        .once('close', () => done(heard))
        .once('error', fail);
    });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'edwin-edge-'));
    await start();
  });
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
    await edge.close();
    await running.close(0);
    rmSync(folder, { recursive: true });
  });

  test('strips the prefix of the pool and tells it to the server', async () => {
    await edge.add(
      pool,
      await serve('echo', (incoming, response) =>
        response.end(`${incoming.url} ${incoming.headers['x-forwarded-prefix']}`),
      ),
      policy,
    );
    const urls = ['', '/', '?a=1', '/x/?a=1', '//x', '/../prod/mailer'];
    const answers = [];
    for (const url of urls)
      answers.push(
        (await raw(`GET /stage/web${url} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`))
          .split('\r\n\r\n')[1]!
          .split(' ')[0],
      );
    expect(answers.map((answer) => answer!.replace(/^\w+\r\n/, ''))).toEqual([
      '/',
      '/',
      '/?a=1',
      '/x/?a=1',
      '//x',
      '/../prod/mailer',
    ]);
  });

  test.each(['/', '/stage', '/stage/', '/Stage/web', '/stage/we_b/x', '/stage%2Fweb'])(
    '%s names no pool',
    async (path) => {
      expect((await ask(`http://127.0.0.1:${running.port}${path}`)).status).toBe(404);
    },
  );

  test('refuses requests whose length is told in two ways', async () => {
    await edge.add(pool, await serve('one'), policy);
    const answer = await raw(
      'POST /stage/web HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /stage/web/smuggled HTTP/1.1\r\nhost: x\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400/);
  });

  test('is told what to do only with the token', async () => {
    const url = `http://127.0.0.1:${running.adminPort}/pools/stage/web/servers/one`;
    for (const authorization of ['', 'Bearer wrong', `Basic ${token}`]) {
      expect((await fetch(url, { method: 'PUT', headers: { authorization }, body: '{}' })).status).toBe(401);
    }
    const bad = await fetch(url, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}` },
      body: '{"address":{"host":"h","port":0}}',
    });
    expect(bad.status).toBe(400);
    expect(await edge.servers(pool)).toEqual([]);
  });

  test('an edge that can not be reached is named, after patience for a restart', async () => {
    const [port] = await freePorts(1);
    const lost = openLocalEdge({
      adminUrl: `http://127.0.0.1:${port}`,
      trafficUrl: 'http://127.0.0.1:1',
      token,
      patienceMs: 100,
    });
    await expect(lost.servers(pool)).rejects.toMatchObject({ code: 'edge.unreachable' });
    await expect(openEdge('tcp://haproxy', { trafficUrl: 'http://x', token })).rejects.toMatchObject({
      code: 'config.invalid',
    });
  });

  test('a file of pools that can not be read is set aside, not overwritten', async () => {
    await running.close(0);
    writeFileSync(join(folder, 'edge.json'), '{"pools": [');
    await start();
    expect(await edge.servers(pool)).toEqual([]);
    expect(readFileSync(join(folder, 'edge.json.damaged'), 'utf8')).toBe('{"pools": [');
  });

  test('keeps connections to servers and takes fresh ones for what must not be repeated', async () => {
    const server = await serve('one');
    await edge.add(pool, server, policy);
    for (let i = 0; i < 5; i++) await ask(edge.url(pool));
    expect(server.connections.size).toBe(1);
    const [kept] = server.connections;
    await ask(edge.url(pool), { method: 'POST', body: 'x' });
    await until(() => server.connections.size === 1 && server.connections.has(kept!), {
      what: 'only the kept connection is left',
    });
    await edge.drain(pool, 'one');
    await until(() => server.connections.size === 0, { what: 'the kept connection is closed' });
  });

  test('a server that refused is spared for a while, and used when it is back', async () => {
    const [one, two] = [await startServer('one'), await serve('two')];
    await edge.add(pool, one, policy);
    await edge.add(pool, two, policy);
    await one.close();
    for (let i = 0; i < 10; i++) expect((await ask(edge.url(pool))).body).toBe('two');
    await serve('one', undefined, one.address.port);
    await until(async () => (await ask(edge.url(pool))).body === 'one', { what: 'it is used again' });
  });

  test('a server that answers something else than HTTP makes a 502', async () => {
    const strange = createServer((socket) =>
      socket
        .on('error', () => undefined)
        .resume()
        .end('SSH-2.0\r\n'),
    );
    await new Promise<void>((done) => strange.listen(0, '127.0.0.1', done));
    closers.push(() => new Promise((done) => strange.close(done)));
    await edge.add(
      pool,
      { id: 'ssh', address: { host: '127.0.0.1', port: (strange.address() as { port: number }).port } },
      { ...policy, holdSeconds: 0 },
    );
    expect((await ask(edge.url(pool))).status).toBe(502);
  });

  test('an endless answer begins before it has a body', async () => {
    await edge.add(
      pool,
      await serve('events', (_, response) =>
        response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders(),
      ),
      policy,
    );
    const stop = new AbortController();
    const answer = await fetch(edge.url(pool), { signal: stop.signal });
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    stop.abort();
  });

  test('closing answers who still waits', async () => {
    const asked = ask(edge.url(pool));
    await until(
      async () =>
        (
          (await (
            await fetch(`http://127.0.0.1:${running.adminPort}/pools`, {
              headers: { authorization: `Bearer ${token}` },
            })
          ).json()) as unknown[]
        ).length > 0,
      { what: 'the request waits' },
    );
    await running.close(1000);
    expect((await asked).status).toBe(503);
    expect(existsSync(join(folder, 'edge.json'))).toBe(true);
    await start();
  });
});
