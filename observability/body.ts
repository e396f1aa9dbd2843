import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** Why a body was not read, as a status of HTTP. */
export class BodyError extends Error {
  readonly status: 400 | 413 | 415;

  constructor(status: 400 | 413 | 415, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * The whole body, unpacked when it is gzip; at most `limit` bytes before and after unpacking. The connection stays
 * usable after a refusal: the caller answers, and what is unread is let go.
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity' && encoding !== 'gzip') {
    throw new BodyError(415, `Content-Encoding ${encoding} is not supported; send gzip or none.`);
  }
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
  const source = encoding === 'gzip' ? unpacked(request) : request;
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of source.iterator({ destroyOnReturn: false })) {
      size += (chunk as Buffer).length;
      if (size > limit) throw tooLarge(limit);
      chunks.push(chunk as Buffer);
    }
    return Buffer.concat(chunks, size);
  } catch (error) {
    if (error instanceof BodyError) throw error;
    throw new BodyError(400, `The body could not be read: ${(error as Error).message}.`);
  } finally {
    if (source !== request) {
      request.unpipe();
      source.destroy();
    }
  }
}

/** `pipe` alone would wait for ever when the sender goes away in the middle. */
function unpacked(request: IncomingMessage): Readable {
  const gunzip = createGunzip();
  request.once('close', () => {
    if (!request.complete) gunzip.destroy(new Error('the sender went away'));
  });
  return request.pipe(gunzip);
}

function tooLarge(limit: number): BodyError {
  return new BodyError(413, `The body is larger than ${limit} bytes; send smaller batches.`);
}
