import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Config, readConfig, type SectionName } from './config';
import { EdwinError, explain } from './errors';
import { createLogger, type Logger } from './log';
import { describeProcess, metrics } from './metrics';

/** Answers every request but `/healthz` and `/metrics`. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;
/** Takes over a connection that asks for another protocol; false when it is for nobody. */
type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;

export interface ProgramContext<S extends SectionName> {
  readonly config: Config<S>;
  readonly log: Logger;
  /** Aborts when the program begins to stop. */
  readonly stopping: AbortSignal;
  /** What is opened first is closed last. */
  onStop(what: string, close: () => Promise<unknown> | unknown): void;
  /** `/healthz` answers 503 with the sentences that checks return; undefined means well. */
  addHealthCheck(check: () => string | undefined): void;
  /** `/healthz` stays 200 and shows these sentences under `notes`: what a person must mend, and a new instance would not. */
  addHealthNote(note: () => string | undefined): void;
  /** Starts answering; before it `/healthz` says `starting`. Call it when everything the handler needs is open. */
  serve(handler?: RequestHandler, upgrade?: UpgradeHandler): Promise<AddressInfo>;
}

const CLOSE_LIMIT_MS = 25_000;

/**
 * Life of a program: read configuration, start, serve, and on SIGTERM or SIGINT close everything in reverse order.
 * A second signal, or closing for longer than 25 s, ends it at once with status 1.
 *
 *     starting ──serve()──► healthy ──SIGTERM──► draining (healthz 503, requests still answered) ──► exit 0
 */
export function runProgram<S extends SectionName>(
  name: string,
  needs: readonly S[],
  start: (context: ProgramContext<S>) => Promise<void>,
): void {
  const closers: { what: string; close: () => Promise<unknown> | unknown }[] = [];
  const stopping = new AbortController();
  let log = createLogger(name);

  let failed = false;
  const stop = async (): Promise<void> => {
    stopping.abort();
    setTimeout(() => process.exit(1), CLOSE_LIMIT_MS).unref();
    for (const { what, close } of closers.reverse()) {
      try {
        await close();
      } catch (error) {
        log.error({ error, what }, `Closing ${what} failed`);
      }
    }
    log.info({ event: 'program.stopped' }, `${name} stopped`);
    await flushTelemetry();
    process.exit(failed ? 1 : 0);
  };
  const onSignal = (): void => {
    if (stopping.signal.aborted) process.exit(1);
    void stop();
  };
  const fail = (error: unknown): void => {
    // What breaks because things are being closed must not bury the first cause.
    if (stopping.signal.aborted) {
      log.debug({ error }, 'Failed while stopping');
      return;
    }
    failed = true;
    log.error({ event: 'program.failed', error }, explain(error));
    const unexpected = !(error instanceof EdwinError) && error instanceof Error;
    process.stderr.write(`${name}: ${unexpected ? error.stack : explain(error)}\n`);
    void stop();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);

  const run = async (): Promise<void> => {
    const config = readConfig(needs);
    log = createLogger(name, config.LOG_LEVEL);
    describeProcess({
      service: config.EDWIN_SERVICE,
      environment: config.EDWIN_ENVIRONMENT,
      version: config.EDWIN_RELEASE,
    });
    const checks: (() => string | undefined)[] = [];
    const notes: (() => string | undefined)[] = [];
    const server = createOpsServer(
      () => problems(stopping.signal, checks),
      () => sentences(notes),
    );
    await start({
      config,
      log,
      stopping: stopping.signal,
      onStop: (what, close) => void closers.push({ what, close }),
      addHealthCheck: (check) => void checks.push(check),
      addHealthNote: (note) => void notes.push(note),
      serve: async (handler, upgrade) => {
        server.handler = handler;
        server.http.on('upgrade', (request, socket, head) => {
          if (!upgrade?.(request, socket, head)) socket.destroy();
        });
        const address = await listen(server.http, config.HOST, config.PORT);
        closers.push({ what: 'http server', close: () => closeServer(server.http) });
        log.info({ event: 'program.started', port: address.port }, `${name} listens on ${config.HOST}:${address.port}`);
        return address;
      },
    });
  };
  run().catch(fail);
}

function problems(stopping: AbortSignal, checks: readonly (() => string | undefined)[]): string[] {
  if (stopping.aborted) return ['draining'];
  return sentences(checks);
}

function sentences(checks: readonly (() => string | undefined)[]): string[] {
  return checks.map((check) => check()).filter((sentence) => sentence !== undefined);
}

function createOpsServer(
  health: () => string[],
  notes: () => string[],
): { http: Server; handler: RequestHandler | undefined } {
  const ops: { http: Server; handler: RequestHandler | undefined } = {
    handler: undefined,
    http: createServer((request, response) => {
      if (request.url === '/healthz') return answerHealth(response, health(), notes());
      if (request.url === '/metrics') return void answerMetrics(response);
      if (ops.handler) return ops.handler(request, response);
      response.writeHead(404).end();
    }),
  };
  ops.http.requestTimeout = 30_000;
  return ops;
}

function answerHealth(response: ServerResponse, found: readonly string[], notes: readonly string[]): void {
  response.writeHead(found.length === 0 ? 200 : 503, { 'content-type': 'application/json' });
  response.end(
    JSON.stringify({ status: found.length === 0 ? 'ok' : found.join('; '), ...(notes.length > 0 && { notes }) }),
  );
}

async function answerMetrics(response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-type': metrics.contentType });
  response.end(await metrics.metrics());
}

function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });
}

/** Answers the requests that are there, then closes; connections kept alive without a request end at once. */
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

/**
 * Sends what telemetry is left and ends it; the first call counts. `observability/instrument.ts` leaves its flush here,
 * since platform imports no program.
 */
export async function flushTelemetry(): Promise<void> {
  const place = globalThis as { edwinFlushTelemetry?: () => Promise<void> };
  const flush = place.edwinFlushTelemetry;
  delete place.edwinFlushTelemetry;
  await flush?.().catch(() => undefined);
}
