import {
  type ClientRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as openRequest,
  type RequestOptions,
  type ServerResponse,
} from 'node:http';
import type { Body } from './body';
import type { Outcome } from './deliver';
import { answerHeaders } from './headers';
import type { Session, Upstream } from './upstream';

const CONNECT_LIMIT_MS = 2_000;
const ANSWER_LIMIT_MS = 60_000;

export interface AttemptOptions {
  readonly server: Upstream;
  readonly fresh: boolean;
  readonly method: string;
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Body | undefined;
  readonly response: ServerResponse;
  /** The server has begun to answer. */
  readonly onAnswer: () => void;
}

/** Asks one server and passes its answer on; the session lasts until the client has all of it. */
export function attempt(options: AttemptOptions): Promise<Outcome> {
  const { server, response, body } = options;
  return new Promise((resolve) => {
    const { upstream, session, phase } = ask(options, (outcome) => end(outcome));
    const onClientClose = (): void => {
      if (!response.writableFinished) upstream.destroy();
      end(response.writableFinished ? { kind: 'answered', status: response.statusCode } : { kind: 'abandoned' });
    };
    const end = (outcome: Outcome): void => {
      if (!server.sessions.delete(session)) return;
      response.off('close', onClientClose);
      resolve(outcome);
    };
    response.on('close', onClientClose);
    upstream.once('response', (answer) => {
      phase.answering = true;
      session.deadline = Number.POSITIVE_INFINITY;
      options.onAnswer();
      passOn(answer, response);
    });
    send(upstream, body, phase);
  });
}

interface Phase {
  connected: boolean;
  answering: boolean;
  /** Some of a body that can be read only once has been sent. */
  spent: boolean;
}

/** Opens the request with its limits, and tells how it ended if it ends before an answer. */
export function ask(
  { server, fresh, method, path, headers }: Pick<AttemptOptions, 'server' | 'fresh' | 'method' | 'path' | 'headers'>,
  end: (outcome: Outcome) => void,
): { upstream: ClientRequest; session: Session; phase: Phase } {
  const phase: Phase = { connected: false, answering: false, spent: false };
  const { host, port } = server.address;
  const target: RequestOptions = { host, port, method, path, headers, agent: server.agentFor(fresh) };
  const upstream = openRequest(target);
  const session: Session = {
    deadline: performance.now() + CONNECT_LIMIT_MS,
    expire: () => {
      end(
        phase.connected
          ? { kind: 'failed', status: 504, why: `no answer within ${ANSWER_LIMIT_MS / 1000} s` }
          : { kind: 'refused' },
      );
      upstream.destroy();
    },
    cut: () => upstream.destroy(new Error('the server was removed')),
  };
  server.sessions.add(session);
  const onConnected = (): void => {
    phase.connected = true;
    session.deadline = performance.now() + ANSWER_LIMIT_MS;
  };
  upstream.once('socket', (socket) => {
    if (socket.connecting) socket.once('connect', onConnected);
    else onConnected();
  });
  upstream.on('error', (error: NodeJS.ErrnoException) => {
    if (phase.answering) return; // the answer's own end tells
    if (!phase.connected) end({ kind: 'refused' });
    else if (error.code?.startsWith('HPE_'))
      end({ kind: 'failed', status: 502, why: 'the server answered something that is not HTTP' });
    else end({ kind: 'cut', repeatable: !phase.spent });
  });
  return { upstream, session, phase };
}

function send(upstream: ClientRequest, body: Body | undefined, phase: Phase): void {
  if (!body?.rest) {
    upstream.end(body?.start);
    return;
  }
  const { start, rest } = body;
  // Not before there is a connection: until then the body can still go to another server.
  const pipe = (): void => {
    phase.spent = true;
    if (start.length > 0) upstream.write(start);
    rest.pipe(upstream);
    rest.once('close', () => rest.complete || upstream.destroy());
  };
  upstream.once('socket', (socket) => {
    if (socket.connecting) socket.once('connect', pipe);
    else pipe();
  });
}

function passOn(answer: IncomingMessage, response: ServerResponse): void {
  response.writeHead(answer.statusCode!, answer.statusMessage, answerHeaders(answer));
  // Events and other endless answers: their reader waits for the head before there is a body.
  if (answer.headers['content-length'] === undefined) response.flushHeaders();
  answer.once('close', () => {
    if (!answer.complete) response.destroy();
  });
  answer.pipe(response);
}
