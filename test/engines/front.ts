import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';

/** What stands in front of a server of HTTP, as a proxy of a team's own does. */
export interface Front {
  readonly port: number;
  close(): Promise<void>;
}

export interface FrontOptions {
  /** Serves over TLS. */
  readonly tls?: { readonly key: Buffer | string; readonly cert: Buffer | string };
  /** Answers larger bodies with 413, as nginx's `client_max_body_size` does. */
  readonly bodyLimit?: number;
  /** Answers in the place of the server: status and JSON; undefined lets the request through. */
  readonly answer?: (method: string, path: string, body: string) => { status: number; body: object } | undefined;
}

/** Passes requests on to `port` of this machine. */
export async function openFront(port: number, options: FrontOptions = {}): Promise<Front> {
  const handle = async (asked: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of asked) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const { method = 'GET', url = '/', headers } = asked;
    if (body.length > (options.bodyLimit ?? Number.POSITIVE_INFINITY)) {
      answer.writeHead(413, { 'content-type': 'text/html' });
      answer.end('<html>413 Request Entity Too Large</html>');
      return;
    }
    const own = options.answer?.(method, url, body.toString());
    if (own !== undefined) {
      answer.writeHead(own.status, {
        'content-type': 'application/vnd.elasticsearch+json;compatible-with=9',
        'x-elastic-product': 'Elasticsearch',
      });
      answer.end(JSON.stringify(own.body));
      return;
    }
    const onward = request({ host: '127.0.0.1', port, method, path: url, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    onward.end(body);
  };
  const listener = (asked: IncomingMessage, answer: ServerResponse): void => {
    handle(asked, answer).catch(() => answer.destroy());
  };
  const server: Server = options.tls ? createSecureServer(options.tls, listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
