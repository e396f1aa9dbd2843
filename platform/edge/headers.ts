import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';

/** Meant for one connection only (RFC 9110, 7.6.1), not to be passed on. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Headers of a client's request as the server gets them; the body's own are added by who sends the body. */
export function requestHeaders(request: IncomingMessage, prefix: string): OutgoingHttpHeaders {
  const { headers } = request;
  const named = namedBy(headers.connection);
  const result: OutgoingHttpHeaders = {};
  for (const name in headers) {
    if (!hopByHop.has(name) && !named?.has(name) && name !== 'expect' && name !== 'content-length')
      result[name] = headers[name];
  }
  const from = request.socket.remoteAddress ?? 'unknown';
  const before = headers['x-forwarded-for'];
  result['x-forwarded-for'] = before ? `${String(before)}, ${from}` : from;
  result['x-forwarded-proto'] ??= 'http';
  result['x-forwarded-host'] ??= headers.host;
  result['x-forwarded-prefix'] ??= prefix;
  return result;
}

/** Headers of a server's answer as the client gets them: names, values, names, values … */
export function answerHeaders(answer: IncomingMessage): string[] {
  const { rawHeaders } = answer;
  const named = namedBy(answer.headers.connection);
  const result: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    const lower = name.toLowerCase();
    if (!hopByHop.has(lower) && !named?.has(lower)) result.push(name, rawHeaders[i + 1]!);
  }
  return result;
}

/** Further headers that `Connection` declares to be hop by hop. */
function namedBy(connection: string | undefined): Set<string> | undefined {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return undefined;
  return new Set(
    connection
      .toLowerCase()
      .split(',')
      .map((name) => name.trim()),
  );
}
