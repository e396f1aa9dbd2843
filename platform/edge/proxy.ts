import type { IncomingMessage, ServerResponse } from 'node:http';
import { attempt } from './attempt';
import { readBody } from './body';
import type { Deliverer } from './deliver';
import type { Pool } from './edge';
import { requestHeaders } from './headers';
import type { Pools } from './pools';
import { routeOf } from './route';

/** What the proxy did, for metrics. */
export interface Observer {
  request(pool: Pool | undefined, status: number, seconds: number): void;
  retry(pool: Pool, reason: 'refused' | 'cut'): void;
}

const repeatableMethods = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

function isRepeatable(method: string | undefined): boolean {
  return repeatableMethods.has(method ?? '');
}

/** Answers each request by a server of the pool it names. */
export function createProxy(pools: Pools, deliverer: Deliverer, observer: Observer) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const since = performance.now();
    const route = routeOf(request.url ?? '');
    if (!route) {
      refuse(response, 404, 'no such pool: addresses are /environment/service/…');
      return observer.request(undefined, 404, 0);
    }
    const pool = pools.get(route);
    let body: Awaited<ReturnType<typeof readBody>>;
    try {
      body = await readBody(request);
    } catch {
      return observer.request(pool.name, 499, (performance.now() - since) / 1000);
    }
    const method = request.method ?? 'GET';
    const repeatable = isRepeatable(method);
    const headers = requestHeaders(request, route.prefix);
    const length = body ? body.length : request.headers['content-length'];
    if (length !== undefined) headers['content-length'] = length;
    else if (body) headers['transfer-encoding'] = 'chunked';

    const status = await deliverer.deliver({
      pool,
      repeatable,
      attempt: (server, fresh) =>
        attempt({
          server,
          // What can not be sent again must not meet a connection that the server is just closing.
          fresh: fresh || body?.rest !== undefined || !(repeatable || pool.policy.retry === 'all'),
          method,
          path: route.path,
          headers,
          body,
          response,
          onAnswer: () => {
            if (server.answered()) pool.wakeAll();
          },
        }),
      refuse: (code, why) => refuse(response, code, `${route.prefix}: ${why}`),
      onGone: (callback) => void response.once('close', callback),
      get gone() {
        return response.destroyed;
      },
      onRetry: (reason) => observer.retry(pool.name, reason),
    });
    body?.release();
    observer.request(pool.name, status, (performance.now() - since) / 1000);
  };
}

function refuse(response: ServerResponse, status: number, why: string): number {
  if (!response.headersSent) {
    response.writeHead(status, { 'content-type': 'application/json', ...(status === 503 && { 'retry-after': '1' }) });
    response.end(JSON.stringify({ error: why }));
  }
  return status;
}
