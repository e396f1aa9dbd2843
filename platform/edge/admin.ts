import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { EdwinError } from '../errors';
import { bearerOf, sameSecret } from '../same-secret';
import type { NewServer, Pool, PoolPolicy } from './edge';
import type { Pools } from './pools';

const BODY_LIMIT_BYTES = 64 * 1024;
const pattern =
  /^\/pools\/([a-z0-9][a-z0-9-]{0,62})\/([a-z0-9][a-z0-9-]{0,62})(?:\/servers\/([A-Za-z0-9._-]{1,128})(\/drain)?)?$/;
const statusOf = { 'edge.unknown-server': 404, 'edge.busy': 409 } as const;

/**
 * Control of the edge over HTTP, for who holds the token:
 *
 *     GET    /pools                                    all pools with their servers
 *     GET    /pools/ENV/SERVICE                        servers
 *     PUT    /pools/ENV/SERVICE/servers/ID             add: {address: {host, port}, policy: {holdSeconds, retry}}
 *     POST   /pools/ENV/SERVICE/servers/ID/drain
 *     DELETE /pools/ENV/SERVICE/servers/ID[?force=yes] remove
 *
 * Errors are `{code, message}` with the codes of edge.ts.
 */
export function createAdmin(pools: Pools, token: string, onError: (error: unknown) => void): RequestListener {
  return (request, response) => {
    if (!sameSecret(bearerOf(request.headers.authorization), token))
      return answer(response, 401, { message: 'This needs the token of the edge.' });
    act(pools, request).then(
      (result) =>
        result === undefined
          ? answer(response, 404, { message: 'There is nothing here.' })
          : answer(response, 200, result),
      (error: unknown) => {
        if (error instanceof EdwinError && error.code in statusOf) {
          return answer(response, statusOf[error.code as keyof typeof statusOf], {
            code: error.code,
            message: error.message,
          });
        }
        if (error instanceof BadRequest) return answer(response, 400, { message: error.message });
        onError(error);
        answer(response, 500, { message: 'Internal error.' });
      },
    );
  };
}

async function act(pools: Pools, request: IncomingMessage): Promise<object | undefined> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://edge');
  if (request.method === 'GET' && pathname === '/pools') {
    return pools.all().map((pool) => ({ ...pool.name, policy: pool.policy, servers: pool.list() }));
  }
  const [matched, environment, service, id, drain] = pattern.exec(pathname) ?? [];
  if (matched === undefined) return undefined;
  const pool: Pool = { environment: environment!, service: service! };
  if (id === undefined) return request.method === 'GET' ? pools.get(pool).list() : undefined;
  if (drain) {
    if (request.method !== 'POST') return undefined;
    await pools.drain(pool, id);
    return {};
  }
  if (request.method === 'DELETE') {
    await pools.remove(pool, id, searchParams.get('force') === 'yes');
    return {};
  }
  if (request.method !== 'PUT') return undefined;
  const { address, policy } = parseAdd(await readJson(request));
  await pools.add(pool, { id, address }, policy);
  return {};
}

class BadRequest extends Error {}

function parseAdd(value: unknown): { address: NewServer['address']; policy: PoolPolicy } {
  const { address, policy } = (value ?? {}) as {
    address?: Partial<NewServer['address']>;
    policy?: Partial<PoolPolicy>;
  };
  const [host, port, holdSeconds, retry] = [address?.host, address?.port, policy?.holdSeconds, policy?.retry];
  const isPort = typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65_536;
  if (typeof host !== 'string' || host === '' || !isPort) throw new BadRequest('address needs host and port.');
  if (typeof holdSeconds !== 'number' || !(holdSeconds >= 0 && holdSeconds <= 3600))
    throw new BadRequest('policy.holdSeconds is a number from 0 to 3600.');
  if (retry !== 'idempotent' && retry !== 'all') throw new BadRequest('policy.retry is idempotent or all.');
  return { address: { host, port }, policy: { holdSeconds, retry } };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const piece of request.setEncoding('utf8')) {
    text += piece;
    if (text.length > BODY_LIMIT_BYTES) throw new BadRequest('The body is too large.');
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new BadRequest('The body is not JSON.');
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
