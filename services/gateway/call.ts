import { type IncomingMessage, Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';

export interface Call {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For everything, from the connection to the last byte of the answer. */
  readonly limitMs: number;
  /** Nothing is sent when there is no connection by then; any time, unless set. */
  readonly leavesWithinMs?: number;
}

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

/** Connections are kept alive, and closed before the usual servers close them. */
const options = { keepAlive: true, timeout: 4_000 };
const agents = { plain: new PlainAgent(options), secure: new SecureAgent(options) };
const MOST_BYTES = 4 * 1024 * 1024;

/**
 * One HTTP call. Rejects with Node's error, or with `NOT_CONNECTED`, `TIMEOUT`, `TOO_LONG`, or `LATE` (nothing was sent
 * within `leavesWithinMs`) as its `code`.
 */
export function call(url: string, { method, headers, body, limitMs, leavesWithinMs }: Call): Promise<Answered> {
  const secure = url.startsWith('https:');
  return new Promise((resolve, reject) => {
    const outgoing = (secure ? secureRequest : plainRequest)(
      url,
      {
        method,
        agent: secure ? agents.secure : agents.plain,
        headers: { ...headers, ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }) },
      },
      (response) =>
        read(response, (error, text) => {
          clearTimeout(limit);
          if (error === undefined) resolve({ status: response.statusCode ?? 0, headers: flat(response), text });
          else fail(error);
        }),
    );
    const fail = (error: Error): void => {
      clearTimeout(limit);
      reject(error);
      outgoing.destroy();
    };
    const limit = setTimeout(() => {
      const connected = outgoing.socket?.connecting === false;
      fail(failure(connected ? 'TIMEOUT' : 'NOT_CONNECTED', `no answer within ${limitMs} ms`));
    }, limitMs);
    outgoing.on('error', fail);
    if (leavesWithinMs !== undefined) {
      const last = performance.now() + leavesWithinMs;
      const check = (): void => {
        if (performance.now() > last) fail(failure('LATE', `no connection within ${Math.round(leavesWithinMs)} ms`));
      };
      // Before the socket's own listener, which sends what waits for the connection.
      outgoing.once('socket', (socket) =>
        socket.connecting ? socket.prependOnceListener(secure ? 'secureConnect' : 'connect', check) : check(),
      );
    }
    outgoing.end(body);
  });
}

function read(response: IncomingMessage, done: (error: Error | undefined, text: string) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  response.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > MOST_BYTES) done(failure('TOO_LONG', `an answer of more than ${MOST_BYTES} bytes`), '');
    else chunks.push(chunk);
  });
  response.on('end', () => done(undefined, Buffer.concat(chunks).toString('utf8')));
  response.on('error', (error) => done(error, ''));
}

function flat({ headers }: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
