import { connect } from 'node:net';

export interface ProbeResult {
  readonly ok: boolean;
  /** What was answered, as words: `200`, `503: starting`, `connection refused`. */
  readonly note: string;
}

const NOTE_LENGTH = 200;

/**
 * Asks an instance how it is: GET, a status below 300 is well. It never rejects. Written on the socket itself, since
 * several a second for each instance shall cost little and leave no spans; HTTP/1.0, so that the answer has no chunks.
 */
export function probe(
  address: { readonly host: string; readonly port: number },
  path: string,
  timeoutMs: number,
): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = connect(address);
    let answer = '';
    const finish = (result: ProbeResult): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(timeoutMs, () => finish({ ok: false, note: `no answer within ${timeoutMs} ms` }));
    socket.on('connect', () => {
      socket.write(`GET ${path} HTTP/1.0\r\nHost: ${address.host}:${address.port}\r\nConnection: close\r\n\r\n`);
    });
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      if (answer.length > 16_384) finish(judge(answer));
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      finish({ ok: false, note: error.code === 'ECONNREFUSED' ? 'connection refused' : (error.code ?? error.message) });
    });
    socket.on('close', () => finish(judge(answer)));
  });
}

function judge(answer: string): ProbeResult {
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1];
  if (status === undefined) return { ok: false, note: 'closed without an answer' };
  if (status >= '200' && status < '300') return { ok: true, note: status };
  const body = answer
    .split('\r\n\r\n')
    .slice(1)
    .join(' ')
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim();
  return { ok: false, note: body === '' ? status : `${status}: ${body.slice(0, NOTE_LENGTH)}` };
}
