import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../platform/log';
import type { TelemetryDocument } from '../platform/telemetry/telemetry';
import { BodyError, readBody } from './body';
import { logDocuments, type OtlpLogs } from './logs';
import { occasionally } from './occasionally';
import { type Converted, type OtlpTraces, spanDocuments } from './spans';
import type { EnvironmentOf } from './tokens';

/** OTLP recommends senders to stay far below; larger ones are refused before they cost memory. */
const BODY_LIMIT_BYTES = 8 * 1024 * 1024;
/** Bodies in memory at once. */
const READING_LIMIT_BYTES = 32 * 1024 * 1024;
const RETRY_AFTER_SECONDS = 2;

export interface ReceiverOptions {
  readonly environmentOf: EnvironmentOf;
  /** Takes all documents, or none when they do not fit; `bytes` is what they weighed on the wire. */
  readonly offer: (documents: readonly TelemetryDocument[], bytes: number) => boolean;
  readonly log: Logger;
  readonly now?: () => number;
}

type Convert = (request: object, environment: string, now: number) => Converted;

const converters: Record<string, Convert> = {
  '/v1/traces': (request, environment) => spanDocuments(request as OtlpTraces, environment),
  '/v1/logs': (request, environment, now) => logDocuments(request as OtlpLogs, environment, now),
};

/**
 * OTLP over HTTP with JSON: 200 once the documents are taken, with `partialSuccess` for items that are no telemetry;
 * 429 with Retry-After while there is no room, which senders answer by sending again.
 */
export function createReceiver(options: ReceiverOptions): (request: IncomingMessage, response: ServerResponse) => void {
  const { environmentOf, offer, log, now = Date.now } = options;
  const tellRefused = occasionally(30_000, now);
  let reading = 0;

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const convert = converters[path];
    if (convert === undefined) return refuse(response, 404, unknownPath(path));
    if (request.method !== 'POST') return refuse(response, 405, 'Use POST.', { allow: 'POST' });
    const environment = environmentOf(request.headers.authorization);
    if (environment === undefined) {
      tellRefused((times) =>
        log.warn({ event: 'telemetry.rejected', times }, 'Telemetry with an unknown token refused'),
      );
      return refuse(response, 401, 'The bearer token is not known.', { 'www-authenticate': 'Bearer' });
    }
    const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
    if (type !== 'application/json') return refuse(response, 415, unknownType(type));

    const declared = Number(request.headers['content-length'] ?? BODY_LIMIT_BYTES);
    const expected = Math.min(declared, BODY_LIMIT_BYTES);
    if (reading + expected > READING_LIMIT_BYTES) return busy(response);
    reading += expected;
    try {
      const body = await readBody(request, BODY_LIMIT_BYTES);
      const { documents, refused } = converted(() => convert(parse(body), environment, now() * 1_000));
      if (!offer(documents, body.length)) return busy(response);
      answer(response, 200, partialSuccess(path, refused));
    } finally {
      reading -= expected;
    }
  };

  return (request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (error instanceof BodyError) return refuse(response, error.status, error.message);
      log.error({ error }, 'A telemetry request failed');
      refuse(response, 500, 'Internal error.');
    });
  };
}

function parse(body: Buffer): object {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed;
  } catch {
    // told below
  }
  throw new BodyError(400, 'The body is not a JSON object.');
}

/** Shapes are not checked beforehand, which would cost more than all the rest: a wrong one shows as a TypeError. */
function converted(work: () => Converted): Converted {
  try {
    return work();
  } catch (error) {
    if (error instanceof TypeError) throw new BodyError(400, 'The body is not shaped as OTLP/JSON.');
    throw error;
  }
}

function partialSuccess(path: string, refused: readonly string[]): object {
  if (refused.length === 0) return { partialSuccess: {} };
  const count = path === '/v1/traces' ? 'rejectedSpans' : 'rejectedLogRecords';
  return { partialSuccess: { [count]: String(refused.length), errorMessage: refused.slice(0, 3).join('; ') } };
}

function unknownPath(path: string): string {
  if (path === '/v1/metrics') return 'Metrics are not taken here: every program serves its own at /metrics.';
  return 'Telemetry is taken at /v1/traces and /v1/logs.';
}

function unknownType(type: string | undefined): string {
  const sent = type === undefined || type === '' ? 'no Content-Type' : type;
  return `${sent} is not supported; send application/json (OTEL_EXPORTER_OTLP_PROTOCOL=http/json).`;
}

function busy(response: ServerResponse): void {
  refuse(response, 429, 'No room just now; send it again.', { 'retry-after': String(RETRY_AFTER_SECONDS) });
}

/** As the OTLP specification wants errors: a Status with its message. */
function refuse(response: ServerResponse, status: number, message: string, headers: Record<string, string> = {}): void {
  if (response.headersSent) return;
  answer(response, status, { code: status, message }, headers);
  response.req.resume();
}

function answer(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  const json = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(json)),
    ...headers,
  });
  response.end(json);
}
