import { connect, type NetConnectOpts } from 'node:net';
import { EdwinError } from '../errors';

/** Where HAProxy's master process listens for commands. */
export interface MasterAddress {
  readonly target: NetConnectOpts;
  /** As people are told it. */
  readonly shown: string;
}

/** HAProxy did not answer, as while it is restarted: worth another try. */
export class NoAnswer extends Error {}

const ANSWER_LIMIT_MS = 2_000;
const ANSWER_LIMIT_CHARS = 32 * 1024 * 1024;

/**
 * Sends one line to the command line of HAProxy's master and gives the answer. `@1 ` before a command passes it to the
 * worker that serves, `@!PID ` to an older one (HAProxy's management guide, 9.4).
 * @throws NoAnswer, also after 2 s without the end of an answer; `edge.refused` when this user may not connect
 */
export function command({ target, shown }: MasterAddress, line: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(target);
    const fail = (error: Error): void => {
      reject(error);
      socket.destroy();
    };
    const timer = setTimeout(() => fail(new NoAnswer(`no answer within ${ANSWER_LIMIT_MS} ms`)), ANSWER_LIMIT_MS);
    const onAbort = (): void => fail(new NoAnswer('closed'));
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    socket.setEncoding('utf8').on('data', (piece) => {
      answer += piece;
      if (answer.length > ANSWER_LIMIT_CHARS) fail(new NoAnswer('an answer without end'));
    });
    // The master ends the connection only after its client has ended its side.
    socket.once('connect', () => socket.end(`${line}\n`));
    socket.once('end', () => resolve(answer.trim()));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const denied = error.code === 'EACCES' || error.code === 'EPERM';
      fail(
        denied
          ? new EdwinError('edge.refused', `This user may not control HAProxy at ${shown}.`, { cause: error })
          : new NoAnswer(error.message, { cause: error }),
      );
    });
    socket.once('close', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      reject(new NoAnswer('the connection was cut'));
    });
  });
}
