import type { IncomingMessage } from 'node:http';

/** Bodies up to this size are kept until they are answered, so that they can be sent again. */
const REPLAY_LIMIT_BYTES = 1024 * 1024;
/** All kept bodies together; beyond it they are passed on as they come. */
const KEPT_LIMIT_BYTES = 128 * 1024 * 1024;
let keptBytes = 0;

export interface Body {
  /** What was read already: all of it, unless there is a `rest`. */
  readonly start: Buffer;
  /** To be read on, once. */
  readonly rest: IncomingMessage | undefined;
  /** As the client announced it. */
  readonly length: string | undefined;
  release(): void;
}

/** Undefined when the request has no body. Rejects when the client goes away before it was sent. */
export function readBody(request: IncomingMessage): Promise<Body | undefined> | undefined {
  const length = request.headers['content-length'];
  if (request.headers['transfer-encoding'] === undefined && (length === undefined || length === '0')) return undefined;
  const nothing = { start: Buffer.alloc(0), rest: request, length, release: () => undefined };
  if (Number(length ?? 0) > REPLAY_LIMIT_BYTES || keptBytes > KEPT_LIMIT_BYTES) return Promise.resolve(nothing);
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    const settle = (rest: IncomingMessage | undefined): void => {
      request.off('data', onData).off('end', onEnd).off('close', onClose);
      const kept = bytes;
      keptBytes += kept;
      const release = (): void => {
        keptBytes -= kept;
      };
      resolve({
        start: pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces),
        rest,
        length: rest ? length : String(bytes),
        release,
      });
    };
    const onData = (piece: Buffer): void => {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes <= REPLAY_LIMIT_BYTES) return;
      request.pause();
      settle(request);
    };
    const onEnd = (): void => settle(undefined);
    const onClose = (): void => reject(new Error('the client closed the connection while it sent the request'));
    request.on('data', onData).on('end', onEnd).on('close', onClose);
  });
}
