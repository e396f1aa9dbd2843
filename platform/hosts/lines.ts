/** Longer lines are cut. */
const LINE_LIMIT_BYTES = 16 * 1024;
const NEWLINE = 10;

/** Makes lines of pieces of bytes. Keeps at most one line's limit, however long a line is. */
export class LineSplitter {
  private rest: Buffer = Buffer.alloc(0);
  private cutting = false;

  push(piece: Buffer): string[] {
    const lines: string[] = [];
    let from = 0;
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, from)) {
      const line =
        this.rest.length === 0 ? piece.subarray(from, end) : Buffer.concat([this.rest, piece.subarray(from, end)]);
      if (!this.cutting) lines.push(textOf(line));
      this.cutting = false;
      this.rest = Buffer.alloc(0);
      from = end + 1;
    }
    if (from < piece.length && !this.cutting) this.rest = Buffer.concat([this.rest, piece.subarray(from)]);
    if (this.rest.length > LINE_LIMIT_BYTES) {
      lines.push(textOf(this.rest));
      this.rest = Buffer.alloc(0);
      this.cutting = true;
    }
    return lines;
  }

  /** What came after the last line end. */
  end(): string[] {
    const lines = this.rest.length > 0 ? [textOf(this.rest)] : [];
    this.rest = Buffer.alloc(0);
    return lines;
  }
}

function textOf(line: Buffer): string {
  if (line.length > LINE_LIMIT_BYTES) return `${line.subarray(0, LINE_LIMIT_BYTES).toString('utf8')} … (cut)`;
  return (line[line.length - 1] === 13 ? line.subarray(0, -1) : line).toString('utf8');
}

/** The time a JSON line says it was written; text lines have none. */
export function timeOf(text: string): Date | undefined {
  if (!text.startsWith('{')) return undefined;
  const [, words, number] = /"(?:@timestamp|time|timestamp|ts)":(?:"([^"]{10,40})"|(\d{13})\b)/.exec(text) ?? [];
  const at = new Date(words ?? Number(number));
  return Number.isNaN(at.getTime()) ? undefined : at;
}
