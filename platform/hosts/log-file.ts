import {
  appendFileSync,
  closeSync,
  createReadStream,
  createWriteStream,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
} from 'node:fs';
import { type FileHandle, open, rename, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { LineSplitter } from './lines';

/** Four files of these sizes (two streams, each with one earlier file) are at most 20 MB. */
const ROTATE_BYTES = 4_000_000;
const KEEP_BYTES = 6_000_000;
const PIECE_BYTES = 64 * 1024;
/** How far back a tail looks at most, in each file. */
const LOOK_BACK_BYTES = 4_000_000;

/**
 * The log of one stream, written by the instance itself, so that it needs nobody. It is cut from outside: the content
 * moves to `<file>.1` and the file starts again at 0, which is right for a writer that appends. What is written between
 * copy and cut, some microseconds, is lost; a writer can exceed the limit between two looks at it.
 * Positions count all bytes since this object was made, over cuts.
 */
export class LogFile {
  readonly path: string;
  /** Position of the first byte of the file, and of the earlier one. */
  private base = 0;
  private earlierBase = 0;
  private rotating: Promise<void> | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** The last `count` whole lines, and the position behind them. `partial` adds what has no line end yet. */
  async tail(count: number, partial: boolean): Promise<{ lines: string[]; position: number; writtenAt: Date }> {
    await this.rotating;
    const now = await lastLines(this.path, count, partial);
    const before =
      now.lines.length < count ? await lastLines(`${this.path}.1`, count - now.lines.length, true) : undefined;
    return { lines: [...(before?.lines ?? []), ...now.lines], position: this.base + now.end, writtenAt: now.writtenAt };
  }

  /** Up to 64 KiB from `position`; `next` is where to go on. Bytes that are no longer kept are skipped. */
  async read(position: number): Promise<{ piece: Buffer; next: number }> {
    await this.rotating;
    const { base } = this;
    const inEarlier = position < base;
    const start = inEarlier ? Math.max(0, position - this.earlierBase) : position - base;
    const { piece, size } = await readPiece(inEarlier ? `${this.path}.1` : this.path, start);
    // Cut meanwhile: what was read may be of either file.
    if (this.rotating || this.base !== base) return { piece: Buffer.alloc(0), next: position };
    if (piece.length > 0) return { piece, next: (inEarlier ? this.earlierBase : base) + start + piece.length };
    // Nothing more in the earlier file, or somebody else has cut this one.
    return { piece, next: inEarlier || size < start ? base : position };
  }

  async rotateIfLarge(): Promise<void> {
    const size = (await stat(this.path).catch(() => undefined))?.size ?? 0;
    if (size < ROTATE_BYTES || this.rotating) return;
    this.rotating = this.rotate(size).finally(() => {
      this.rotating = undefined;
    });
    await this.rotating;
  }

  private async rotate(looked: number): Promise<void> {
    const start = Math.max(0, looked - KEEP_BYTES);
    const fresh = `${this.path}.new`;
    await pipeline(createReadStream(this.path, { start }), createWriteStream(fresh));
    const size = start + (await stat(fresh)).size;
    const late = copyRestAndCut(this.path, fresh, size);
    await rename(fresh, `${this.path}.1`);
    this.earlierBase = this.base + start;
    this.base += size + late;
  }
}

/** What was written since the copy, and the cut, at once: nothing else runs in between. Gives the bytes copied. */
function copyRestAndCut(path: string, copy: string, from: number): number {
  const file = openSync(path, 'r+');
  try {
    const rest = Buffer.alloc(Math.max(0, fstatSync(file).size - from));
    const bytes = readSync(file, rest, 0, rest.length, from);
    appendFileSync(copy, rest.subarray(0, bytes));
    ftruncateSync(file, 0);
    return bytes;
  } finally {
    closeSync(file);
  }
}

async function lastLines(
  path: string,
  count: number,
  partial: boolean,
): Promise<{ lines: string[]; end: number; writtenAt: Date }> {
  const file = await open(path, 'r').catch(() => undefined);
  if (!file) return { lines: [], end: 0, writtenAt: new Date(0) };
  try {
    const { size, mtime } = await file.stat();
    const end = partial ? size : await lineEndBefore(file, size, 1, 0);
    if (count <= 0) return { lines: [], end, writtenAt: mtime };
    // The line end that closes the last line is not one that separates.
    const start = await lineEndBefore(file, end, count + 1, Math.max(0, end - LOOK_BACK_BYTES));
    const splitter = new LineSplitter();
    const lines: string[] = [];
    for (let at = start; at < end; ) {
      const piece = await pieceOf(file, at, Math.min(PIECE_BYTES, end - at));
      if (piece.length === 0) break;
      lines.push(...splitter.push(piece));
      at += piece.length;
    }
    lines.push(...splitter.end());
    return { lines: lines.slice(-count), end, writtenAt: mtime };
  } finally {
    await file.close();
  }
}

/** Position behind the `count`-th line end before `end`, looking back to `floor`. */
async function lineEndBefore(file: FileHandle, end: number, count: number, floor: number): Promise<number> {
  let left = count;
  for (let to = end; to > floor; ) {
    const from = Math.max(floor, to - PIECE_BYTES);
    const piece = await pieceOf(file, from, to - from);
    for (let at = piece.lastIndexOf(10); at >= 0; at = at === 0 ? -1 : piece.lastIndexOf(10, at - 1)) {
      if (--left === 0) return from + at + 1;
    }
    to = from;
  }
  return floor;
}

async function readPiece(path: string, start: number): Promise<{ piece: Buffer; size: number }> {
  const file = await open(path, 'r').catch(() => undefined);
  if (!file) return { piece: Buffer.alloc(0), size: 0 };
  try {
    const { size } = await file.stat();
    return { piece: start < size ? await pieceOf(file, start, PIECE_BYTES) : Buffer.alloc(0), size };
  } finally {
    await file.close();
  }
}

async function pieceOf(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
