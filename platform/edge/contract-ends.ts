import { createHash } from 'node:crypto';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { until } from '../../test/until';
import { type EdgeBench, held } from './contract-bench';
import { ask } from './contract-load';

/** How requests end when a side goes, is drained or removed. */
export function endsContract(bench: EdgeBench): void {
  bench.promise('draining lets a slow answer finish, and no kept connection is used again', async () => {
    let finish: () => void = () => undefined;
    const slow = await bench.serve('slow', (incoming, response) => {
      if (!incoming.url!.endsWith('/slow')) return response.end('slow');
      response.write('begun ');
      finish = () => response.end('and finished');
    });
    await bench.edge.add(bench.pool, slow, held);
    for (let i = 0; i < 5; i++) await ask(bench.edge.url(bench.pool));
    const answer = ask(`${bench.edge.url(bench.pool)}/slow`);
    await until(async () => (await bench.sessions('slow')) === 1, { what: 'the session is counted' });
    await bench.edge.add(bench.pool, await bench.serve('other'), held);
    await bench.edge.drain(bench.pool, 'slow');
    await expect(bench.edge.remove(bench.pool, 'slow')).rejects.toMatchObject({ code: 'edge.busy' });
    const before = slow.requests;
    for (let i = 0; i < 5; i++) expect((await ask(bench.edge.url(bench.pool))).body).toBe('other');
    expect(slow.requests).toBe(before);
    expect(await bench.sessions('slow')).toBe(1);
    finish();
    expect(await answer).toMatchObject({ status: 200, body: 'begun and finished' });
    await bench.drained('slow');
    await bench.edge.remove(bench.pool, 'slow');
  });

  bench.promise('removing by force cuts what is left', async () => {
    await bench.edge.add(bench.pool, await bench.serve('endless', (_, response) => void response.write('begun')), held);
    const answer = ask(bench.edge.url(bench.pool)).catch((error: Error) => error);
    await until(async () => (await bench.sessions('endless')) === 1, { what: 'the session is counted' });
    await bench.edge.remove(bench.pool, 'endless', { force: true });
    expect(await answer).toBeInstanceOf(Error);
    expect(await bench.edge.servers(bench.pool)).toEqual([]);
  });

  bench.promise('removing by force brings what is not yet answered, and may be repeated, to another', async () => {
    const cases = [
      ['GET', 'idempotent', 200],
      ['POST', 'all', 200],
      ['POST', 'idempotent', 502],
    ] as const;
    for (const [method, retry, status] of cases) {
      let asked = 0;
      const mute = await bench.serve('mute', () => void asked++);
      await bench.edge.add(bench.pool, mute, { ...held, retry });
      const answer = ask(bench.edge.url(bench.pool), { method, body: method === 'POST' ? 'again' : '' });
      await until(() => asked === 1, { what: 'the request is there' });
      await bench.edge.add(bench.pool, await bench.serve('other'), { ...held, retry });
      await bench.edge.remove(bench.pool, 'mute', { force: true });
      expect((await answer).status).toBe(status);
      await bench.edge.remove(bench.pool, 'other', { force: true });
    }
  });

  bench.promise('a client that goes away frees the server', async () => {
    let closed = false;
    await bench.edge.add(
      bench.pool,
      await bench.serve('endless', (_, response) => {
        response.write('begun');
        response.once('close', () => (closed = true));
      }),
      held,
    );
    const asked = request(bench.edge.url(bench.pool)).on('error', () => undefined);
    asked.once('response', (answer) => answer.on('error', () => undefined).once('data', () => asked.destroy()));
    asked.end();
    await until(() => closed, { what: 'the server is told' });
    await bench.drained('endless');
  });

  bench.promise('an answer that breaks off breaks off for the client too', async () => {
    await bench.edge.add(
      bench.pool,
      await bench.serve('broken', (incoming, response) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('only this', () => incoming.socket.destroy());
      }),
      held,
    );
    await expect(ask(bench.edge.url(bench.pool))).rejects.toThrow();
  });

  bench.promise('websockets are passed through, counted, and not cut by draining', async () => {
    const server = await bench.serve('sockets');
    server.http.on('upgrade', (incoming, socket: Socket) => {
      const key = incoming.headers['sec-websocket-key']!;
      socket.write(
        [
          'HTTP/1.1 101 Switching Protocols',
          'Connection: Upgrade',
          'Upgrade: websocket',
          `Sec-WebSocket-Accept: ${createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')}`,
          '\r\n',
        ].join('\r\n'),
      );
      socket.write(`hello ${key}`);
      socket.pipe(socket);
    });
    await bench.edge.add(bench.pool, server, held);
    const asked = request(`${bench.edge.url(bench.pool)}/live`, {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
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
    await until(() => heard.includes('hello dGhlIHNhbXBsZSBub25jZQ=='), { what: 'the greeting' });
    await bench.edge.drain(bench.pool, 'sockets');
    socket.write(' ping');
    await until(() => heard.endsWith(' ping'), { what: 'the echo' });
    expect(await bench.sessions('sockets')).toBe(1);
    socket.destroy();
    await bench.drained('sockets');
  });
}
