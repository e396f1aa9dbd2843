/** Larger ones are no frames of a log: a message is at most 16 KiB. */
const FRAME_LIMIT_BYTES = 1024 * 1024;
const HEADER_BYTES = 8;

/** A message of a container's log: a line, or 16 KiB of a longer one. */
export interface Frame {
  readonly stream: 'stdout' | 'stderr';
  /** RFC 3339 with nine digits of a second. */
  readonly time: string;
  readonly payload: Buffer;
}

/**
 * Takes a multiplexed log with timestamps apart: a byte for the stream, three of nothing, four for the length
 * (Docker Engine API, "Attach to a container"), then time, space, message. What was cut off at the end is left out.
 */
export async function* framesOf(pieces: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of pieces) {
    rest = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    let at = 0;
    while (rest.length - at >= HEADER_BYTES) {
      const length = rest.readUInt32BE(at + 4);
      if (length > FRAME_LIMIT_BYTES) throw new Error(`a log frame of ${length} bytes`);
      if (rest.length - at - HEADER_BYTES < length) break;
      const content = rest.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length);
      const space = content.indexOf(32);
      yield {
        stream: rest[at] === 2 ? 'stderr' : 'stdout',
        time: content.subarray(0, space).toString('latin1'),
        payload: content.subarray(space + 1),
      };
      at += HEADER_BYTES + length;
    }
    rest = rest.subarray(at);
  }
}
