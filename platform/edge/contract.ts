import { type ChildProcess, spawn } from 'node:child_process';
import { Agent, createServer, type IncomingMessage, type RequestListener, request, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { until } from '../../test/until';
import type { Edge, NewServer, Pool, PoolPolicy } from './edge';

/** What an adapter's test prepares: an edge in front of servers of this machine. */
export interface EdgeFixture {
  readonly edge: Edge;
  /** Ends the edge hard and starts it again, at the same addresses. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

const held: PoolPolicy = { holdSeconds: 10, retry: 'idempotent' };
const impatient: PoolPolicy = { holdSeconds: 0, retry: 'idempotent' };

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export function ask(
  url: string,
  more: { method?: string; body?: string | Buffer; agent?: Agent; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { body, ...options } = more;
  return new Promise((resolve, reject) => {
    const asked = request(url, options, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece) => (text += piece));
      answer.once('close', () =>
        answer.complete
          ? resolve({ status: answer.statusCode!, headers: answer.headers, body: text })
          : reject(new Error('cut')),
      );
    });
    asked.once('error', reject);
    asked.end(body);
  });
}

export interface TestServer extends NewServer {
  readonly http: Server;
  readonly connections: Set<Socket>;
  requests: number;
  close(): Promise<void>;
}

/** A server in this process that answers with its id, or as `listener` says. */
export async function startServer(id: string, listener?: RequestListener, port = 0): Promise<TestServer> {
  const connections = new Set<Socket>();
  const http = createServer((incoming, response) => {
    server.requests++;
    if (listener) listener(incoming, response);
    else incoming.resume().once('end', () => response.end(id));
  });
  http.on('connection', (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve));
  const server: TestServer = {
    id,
    address: { host: '127.0.0.1', port: (http.address() as AddressInfo).port },
    http,
    connections,
    requests: 0,
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
  return server;
}

/** A server in a process of its own, to be killed. It takes 5 ms for each answer. */
export async function startProcess(id: string): Promise<NewServer & { readonly child: ChildProcess }> {
  const script = `const server = require('node:http').createServer((request, response) => {
    request.resume().once('end', () => setTimeout(() => response.end(${JSON.stringify(id)}), 5));
  }).listen(0, '127.0.0.1', () => console.log(server.address().port));`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise<number>((resolve) => child.stdout!.once('data', (data) => resolve(Number(data))));
  return { id, address: { host: '127.0.0.1', port }, child };
}

/** Asks over `clients` kept connections, one request after another each, until told to stop. */
export function startLoad(url: string, { clients, method = 'GET' }: { clients: number; method?: string }) {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const answers: string[] = [];
  const failures: string[] = [];
  let running = true;
  const client = async (): Promise<void> => {
    while (running) {
      const body = method === 'POST' ? '{"text":"hello"}' : '';
      try {
        const answer = await ask(url, { agent, method, body });
        if (answer.status === 200) answers.push(answer.body);
        else failures.push(`${answer.status} ${answer.body}`);
      } catch (error) {
        failures.push(String(error));
      }
    }
  };
  const done = Promise.all(Array.from({ length: clients }, client));
  return {
    answers,
    failures,
    /** Waits for `count` more answers, or a failure. */
    more: (count: number) => {
      const goal = answers.length + count;
      return until(() => answers.length >= goal || failures.length > 0, {
        what: `${count} more answers`,
        withinMs: 20_000,
      });
    },
    stop: async () => {
      running = false;
      await done;
      agent.destroy();
    },
  };
}

export function edgeContract(name: string, prepare: () => Promise<EdgeFixture>): void {
  describe(`${name} keeps the promises of an edge`, () => {
    let fixture: EdgeFixture;
    let edge: Edge;
    let number = 0;
    let pool: Pool;
    const closers: (() => Promise<unknown> | unknown)[] = [];

    beforeAll(async () => {
      fixture = await prepare();
      edge = fixture.edge;
    });
    beforeEach(() => {
      pool = { environment: 'stage', service: `web-${++number}` };
    });
    afterEach(async () => {
      for (const { id } of await edge.servers(pool)) await edge.remove(pool, id, { force: true });
      for (const close of closers.splice(0)) await close();
    });
    afterAll(() => fixture.close());

    const serve = async (id: string, listener?: RequestListener): Promise<TestServer> => {
      const server = await startServer(id, listener);
      closers.push(() => server.close());
      return server;
    };
    const launch = async (id: string) => {
      const server = await startProcess(id);
      closers.push(() => server.child.kill('SIGKILL'));
      return server;
    };
    const sessions = async (id: string) => (await edge.servers(pool)).find((server) => server.id === id)?.sessions;
    const drained = (id: string) => until(async () => (await sessions(id)) === 0, { what: `${id} has no sessions` });

    test('a pool has its address before it has a server, and keeps it', async () => {
      const before = edge.url(pool);
      expect(before).toMatch(/^http:.*[^/]$/);
      const server = await serve('one');
      await edge.add(pool, server, held);
      expect(edge.url(pool)).toBe(before);
      expect(await ask(`${before}/a/b?c=d`)).toMatchObject({ status: 200, body: 'one' });
      await edge.remove(pool, 'one', { force: true });
      expect(edge.url(pool)).toBe(before);
    });

    test('servers are listed with state and sessions', async () => {
      const { id, address } = await serve('one');
      expect(await edge.servers(pool)).toEqual([]);
      await edge.add(pool, { id, address }, held);
      expect(await edge.servers(pool)).toEqual([{ id, address, state: 'ready', sessions: 0 }]);
      await edge.drain(pool, id);
      expect(await edge.servers(pool)).toEqual([{ id, address, state: 'draining', sessions: 0 }]);
    });

    test('add, drain and remove may be repeated, and a draining server becomes ready again', async () => {
      const server = await serve('one');
      await edge.add(pool, server, held);
      await edge.add(pool, server, held);
      await edge.drain(pool, 'one');
      await edge.drain(pool, 'one');
      await edge.add(pool, server, held);
      expect(await edge.servers(pool)).toMatchObject([{ id: 'one', state: 'ready' }]);
      expect((await ask(edge.url(pool))).body).toBe('one');
      await edge.remove(pool, 'one');
      await edge.remove(pool, 'one');
      await edge.remove(pool, 'never-was');
      expect(await edge.servers(pool)).toEqual([]);
      await expect(edge.drain(pool, 'never-was')).rejects.toMatchObject({ code: 'edge.unknown-server' });
    });

    test('pools do not mix, of the same service in another environment neither', async () => {
      const other: Pool = { ...pool, environment: 'prod' };
      await edge.add(pool, await serve('of-stage'), held);
      await edge.add(other, await serve('of-prod'), held);
      expect([(await ask(edge.url(pool))).body, (await ask(edge.url(other))).body]).toEqual(['of-stage', 'of-prod']);
      await edge.remove(other, 'of-prod', { force: true });
    });

    test('what the server gets and what the client gets is what the other sent', async () => {
      const seen: { method: string; url: string; body: string; headers: IncomingMessage['headers'] }[] = [];
      const server = await serve('echo', (incoming, response) => {
        let body = '';
        incoming.setEncoding('utf8').on('data', (piece) => (body += piece));
        incoming.once('end', () => {
          seen.push({ method: incoming.method!, url: incoming.url!, body, headers: incoming.headers });
          response.writeHead(418, { 'content-type': 'text/plain', 'set-cookie': ['a=1', 'b=2'] });
          response.end(`heard ${body}`);
        });
      });
      await edge.add(pool, server, held);
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      const answer = await ask(`${edge.url(pool)}/a%20b/?q=%C3%A9&q=2`, {
        method: 'POST',
        body: 'ünïcode',
        headers: {
          'x-hub-signature-256': 'sha256=abc',
          traceparent,
          connection: 'x-private',
          'x-private': 'to the edge only',
        },
      });
      expect(answer).toMatchObject({
        status: 418,
        body: 'heard ünïcode',
        headers: { 'content-type': 'text/plain', 'set-cookie': ['a=1', 'b=2'] },
      });
      expect(seen).toMatchObject([
        { method: 'POST', body: 'ünïcode', headers: { 'x-hub-signature-256': 'sha256=abc', traceparent } },
      ]);
      expect(seen[0]!.url).toMatch(/\/a%20b\/\?q=%C3%A9&q=2$/);
      expect(seen[0]!.headers['x-forwarded-for']).toContain('127.0.0.1');
      expect(seen[0]!.headers['x-private']).toBeUndefined();
    });

    test('traffic is spread over the ready servers', async () => {
      await edge.add(pool, await serve('one'), held);
      await edge.add(pool, await serve('two'), held);
      const counts: Record<string, number> = {};
      for (let i = 0; i < 40; i++) {
        const { body } = await ask(edge.url(pool));
        counts[body] = (counts[body] ?? 0) + 1;
      }
      expect(Object.values(counts).every((count) => count >= 15)).toBe(true);
    });

    test('shifting from server to server under load loses no request', async () => {
      const servers = [await serve('one'), await serve('two')];
      await edge.add(pool, servers[0]!, held);
      const load = startLoad(edge.url(pool), { clients: 8, method: 'POST' });
      for (let round = 0; round < 6; round++) {
        const [next, old] = round % 2 === 0 ? [servers[1]!, servers[0]!] : [servers[0]!, servers[1]!];
        await load.more(60);
        await edge.add(pool, next, held);
        await edge.drain(pool, old.id);
        await drained(old.id);
        const before = old.requests;
        await load.more(60);
        expect(old.requests).toBe(before);
        await edge.remove(pool, old.id);
      }
      await load.stop();
      expect(load.failures).toEqual([]);
      expect(new Set(load.answers)).toEqual(new Set(['one', 'two']));
    });

    test.each([
      ['GET', 'idempotent'],
      ['POST', 'all'],
    ] as const)('a server killed under %s load loses no request (retry: %s)', async (method, retry) => {
      const victims = [await launch('one'), await launch('two'), await launch('three')];
      for (const server of victims) await edge.add(pool, server, { holdSeconds: 10, retry });
      const load = startLoad(edge.url(pool), { clients: 8, method });
      await load.more(100);
      for (const victim of victims.slice(0, 2)) {
        victim.child.kill('SIGKILL');
        await load.more(100);
        await edge.remove(pool, victim.id, { force: true });
      }
      await load.stop();
      expect(load.failures).toEqual([]);
    });

    test('a POST that reached a server which then died is not sent twice, but answered 502', async () => {
      const deaths: string[] = [];
      for (const id of ['one', 'two']) {
        await edge.add(
          pool,
          await serve(id, (incoming) => {
            deaths.push(id);
            incoming.socket.destroy();
          }),
          held,
        );
      }
      expect(await ask(edge.url(pool), { method: 'POST', body: 'once' })).toMatchObject({ status: 502 });
      expect(deaths).toHaveLength(1);
    });

    test('a request that every server dies of is given up', async () => {
      const deaths: string[] = [];
      for (const id of ['one', 'two']) {
        await edge.add(
          pool,
          await serve(id, (incoming) => {
            deaths.push(id);
            incoming.socket.destroy();
          }),
          { ...held, retry: 'all' },
        );
      }
      expect((await ask(edge.url(pool), { method: 'POST', body: 'poison' })).status).toBe(502);
      expect(deaths.length).toBeGreaterThan(1);
      expect(deaths.length).toBeLessThan(6);
    });

    test('a request waits for a server that comes in time, with its body', async () => {
      const load = ask(edge.url(pool), { method: 'POST', body: 'patient' });
      const server = await serve('late', (incoming, response) => void incoming.pipe(response));
      await edge.add(pool, server, held);
      expect(await load).toMatchObject({ status: 200, body: 'patient' });
      await edge.drain(pool, 'late');
      const second = ask(edge.url(pool), { method: 'POST', body: 'again' });
      await edge.add(pool, server, held);
      expect(await second).toMatchObject({ status: 200, body: 'again' });
    });

    test('a request waits for a server that refuses to come back', async () => {
      const first = await startServer('first');
      await edge.add(pool, first, held);
      await first.close();
      const waiting = Promise.all([ask(edge.url(pool)), ask(edge.url(pool), { method: 'POST', body: 'x' })]);
      await expect(
        Promise.race([waiting, new Promise((resolve) => setImmediate(resolve, 'still waiting'))]),
      ).resolves.toBe('still waiting');
      const second = await startServer('second', undefined, first.address.port);
      closers.push(() => second.close());
      expect((await waiting).map(({ status, body }) => [status, body])).toEqual([
        [200, 'second'],
        [200, 'second'],
      ]);
    });

    test('without patience or in vain a request is answered 503', async () => {
      const server = await serve('one');
      await edge.add(pool, server, impatient);
      await edge.drain(pool, 'one');
      expect(await ask(edge.url(pool))).toMatchObject({ status: 503 });
      await edge.add(pool, server, { ...held, holdSeconds: 0.2 });
      await edge.drain(pool, 'one');
      expect(await ask(edge.url(pool))).toMatchObject({ status: 503 });
    });

    test('draining lets a slow answer finish, and no kept connection is used again', async () => {
      let finish: () => void = () => undefined;
      const slow = await serve('slow', (incoming, response) => {
        if (!incoming.url!.endsWith('/slow')) return response.end('slow');
        response.write('begun ');
        finish = () => response.end('and finished');
      });
      await edge.add(pool, slow, held);
      for (let i = 0; i < 5; i++) await ask(edge.url(pool));
      const answer = ask(`${edge.url(pool)}/slow`);
      await until(async () => (await sessions('slow')) === 1, { what: 'the session is counted' });
      await edge.add(pool, await serve('other'), held);
      await edge.drain(pool, 'slow');
      await expect(edge.remove(pool, 'slow')).rejects.toMatchObject({ code: 'edge.busy' });
      const before = slow.requests;
      for (let i = 0; i < 5; i++) expect((await ask(edge.url(pool))).body).toBe('other');
      expect(slow.requests).toBe(before);
      expect(await sessions('slow')).toBe(1);
      finish();
      expect(await answer).toMatchObject({ status: 200, body: 'begun and finished' });
      await drained('slow');
      await edge.remove(pool, 'slow');
    });

    test('removing by force cuts what is left', async () => {
      await edge.add(pool, await serve('endless', (_, response) => void response.write('begun')), held);
      const answer = ask(edge.url(pool)).catch((error: Error) => error);
      await until(async () => (await sessions('endless')) === 1, { what: 'the session is counted' });
      await edge.remove(pool, 'endless', { force: true });
      expect(await answer).toBeInstanceOf(Error);
      expect(await edge.servers(pool)).toEqual([]);
    });

    test('a client that goes away frees the server', async () => {
      let closed = false;
      await edge.add(
        pool,
        await serve('endless', (_, response) => {
          response.write('begun');
          response.once('close', () => (closed = true));
        }),
        held,
      );
      const asked = request(edge.url(pool)).on('error', () => undefined);
      asked.once('response', (answer) => answer.on('error', () => undefined).once('data', () => asked.destroy()));
      asked.end();
      await until(() => closed, { what: 'the server is told' });
      await drained('endless');
    });

    test('an answer that breaks off breaks off for the client too', async () => {
      await edge.add(
        pool,
        await serve('broken', (incoming, response) => {
          response.writeHead(200, { 'content-length': '1000' });
          response.write('only this', () => incoming.socket.destroy());
        }),
        held,
      );
      await expect(ask(edge.url(pool))).rejects.toThrow();
    });

    test('large bodies are passed on in both directions', async () => {
      const server = await serve('echo', (incoming, response) => void incoming.pipe(response));
      await edge.add(pool, server, held);
      const body = Buffer.alloc(5 * 1024 * 1024, 'edwin ');
      const answer = await ask(edge.url(pool), { method: 'POST', body });
      expect(answer.body.length).toBe(body.length);
      expect(answer.body === body.toString()).toBe(true);
    });

    test('websockets are passed through, counted, and not cut by draining', async () => {
      const server = await serve('sockets');
      server.http.on('upgrade', (incoming, socket: Socket) => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
        socket.write(`hello ${incoming.headers['sec-websocket-key']}`);
        socket.pipe(socket);
      });
      await edge.add(pool, server, held);
      const asked = request(`${edge.url(pool)}/live`, {
        headers: {
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-key': 'abc',
          'sec-websocket-version': '13',
        },
      });
      asked.end();
      let heard = '';
      const socket = await new Promise<Socket>((resolve, reject) => {
        asked.once('error', reject).once('upgrade', (_, upgraded, head) => {
          heard += head.toString();
          resolve(upgraded as Socket);
        });
      });
      socket.on('data', (piece) => (heard += piece));
      await until(() => heard.includes('hello abc'), { what: 'the greeting' });
      await edge.drain(pool, 'sockets');
      socket.write(' ping');
      await until(() => heard.endsWith(' ping'), { what: 'the echo' });
      expect(await sessions('sockets')).toBe(1);
      socket.destroy();
      await drained('sockets');
    });

    test('pools survive a restart of the edge', async () => {
      const [one, two] = [await serve('one'), await serve('two')];
      await edge.add(pool, one, held);
      await edge.add(pool, two, held);
      await edge.drain(pool, 'two');
      const url = edge.url(pool);
      await fixture.restart();
      expect(edge.url(pool)).toBe(url);
      expect((await edge.servers(pool)).map(({ id, state }) => [id, state]).sort()).toEqual([
        ['one', 'ready'],
        ['two', 'draining'],
      ]);
      for (let i = 0; i < 4; i++) expect(await ask(url)).toMatchObject({ status: 200, body: 'one' });
    });
  });
}
