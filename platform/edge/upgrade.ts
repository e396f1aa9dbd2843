import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { ask } from './attempt';
import type { Deliverer, Outcome } from './deliver';
import { requestHeaders } from './headers';
import type { Pools } from './pools';
import type { Observer } from './proxy';
import { routeOf } from './route';
import type { ServerPool } from './server-pool';
import type { Upstream } from './upstream';

/** Passes connections that change their protocol (websockets) through; a session lasts as long as the connection. */
export function createUpgrade(pools: Pools, deliverer: Deliverer, observer: Observer) {
  return async (request: IncomingMessage, client: Duplex, head: Buffer): Promise<void> => {
    client.on('error', () => client.destroy());
    const route = routeOf(request.url ?? '');
    const hasBody =
      request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
    if (!route || hasBody) return void refuse(client, route ? 400 : 404, 'no such pool, or an upgrade with a body');
    const since = performance.now();
    const pool = pools.get(route);
    const headers = {
      ...requestHeaders(request, route.prefix),
      connection: 'upgrade',
      upgrade: request.headers.upgrade,
    };
    const status = await deliverer.deliver({
      pool,
      repeatable: true,
      attempt: (server) =>
        connect(server, pool, { method: request.method ?? 'GET', path: route.path, headers }, client, head),
      refuse: (code, why) => refuse(client, code, `${route.prefix}: ${why}`),
      onGone: (callback) => void client.once('close', callback),
      get gone() {
        return client.destroyed;
      },
      onRetry: (reason) => observer.retry(pool.name, reason),
    });
    observer.request(pool.name, status, (performance.now() - since) / 1000);
  };
}

function connect(
  server: Upstream,
  pool: ServerPool,
  target: { method: string; path: string; headers: ReturnType<typeof requestHeaders> },
  client: Duplex,
  head: Buffer,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const { upstream, session, phase } = ask({ server, fresh: true, ...target }, (outcome) => end(outcome));
    const onClientClose = (): void => {
      upstream.destroy();
      end({ kind: 'abandoned' });
    };
    const end = (outcome: Outcome): void => {
      if (!server.sessions.delete(session)) return;
      client.off('close', onClientClose);
      resolve(outcome);
    };
    const begun = (answer: IncomingMessage): void => {
      phase.answering = true;
      session.deadline = Number.POSITIVE_INFINITY;
      if (server.answered()) pool.wakeAll();
      client.write(headOf(answer));
    };
    client.once('close', onClientClose);
    upstream.once('upgrade', (answer, socket, first) => {
      begun(answer);
      client.off('close', onClientClose);
      session.cut = () => socket.destroy();
      socket.on('error', () => socket.destroy());
      socket.once('close', () => client.destroy());
      client.once('close', () => {
        socket.destroy();
        end({ kind: 'answered', status: 101 });
      });
      if (first.length > 0) client.write(first);
      if (head.length > 0) socket.write(head);
      socket.pipe(client).pipe(socket);
      if (client.destroyed) socket.destroy();
    });
    // The server does not change the protocol: its answer ends the connection.
    upstream.once('response', (answer) => {
      begun(answer);
      answer.pipe(client);
      answer.once('close', () => {
        client.end();
        end({ kind: 'answered', status: answer.statusCode! });
      });
    });
    upstream.end();
  });
}

function headOf({ statusCode, statusMessage, rawHeaders }: IncomingMessage): string {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const keeps = statusCode === 101 || !/^(connection|transfer-encoding|keep-alive)$/i.test(rawHeaders[i]!);
    if (keeps) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
  }
  if (statusCode !== 101) lines.push('connection: close');
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function refuse(client: Duplex, status: number, why: string): number {
  const body = JSON.stringify({ error: why });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  if (status === 503) head.push('retry-after: 1');
  client.end(`${head.join('\r\n')}\r\nconnection: close\r\n\r\n${body}`);
  return status;
}
