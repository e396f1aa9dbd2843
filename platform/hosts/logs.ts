import { watch } from 'node:fs';
import type { LogLine, LogOptions } from './hosts';
import { LineSplitter, timeOf } from './lines';
import type { LogFile } from './log-file';

const LOOK_EVERY_MS = 1000;
const TAIL_LIMIT = 10_000;

export interface InstanceLogs {
  readonly stdout: LogFile;
  readonly stderr: LogFile;
}

interface Timed extends LogLine {
  /** Where the line belongs among those of the other stream. */
  readonly order: number;
}

/**
 * The newest lines of both streams, then with `follow` what comes until `signal` aborts or `ended` says that nothing
 * more will be written. Between the streams lines are in order of the times they name; a line without one stands with
 * the next line of its stream that has one, or with the last write to its file.
 */
export async function* readLogs(
  logs: InstanceLogs,
  options: LogOptions,
  ended: () => boolean,
): AsyncGenerator<LogLine> {
  const follow = options.follow === true;
  const streams = (['stdout', 'stderr'] as const).map((stream) => ({
    stream,
    file: logs[stream],
    splitter: new LineSplitter(),
    position: 0,
  }));
  const count = Math.min(options.tail, TAIL_LIMIT);
  const tail: Timed[] = [];
  for (const each of streams) {
    const { lines, position, writtenAt } = await each.file.tail(count, !follow);
    each.position = position;
    tail.push(...timed(lines, each.stream, writtenAt));
  }
  yield* merged(tail).slice(tail.length - Math.min(tail.length, count));
  if (!follow) return;

  const changes = new Changes(
    streams.map(({ file }) => file.path),
    options.signal,
  );
  try {
    while (!options.signal?.aborted) {
      const last = ended();
      const fresh: Timed[] = [];
      for (const each of streams) {
        const { piece, next } = await each.file.read(each.position);
        if (next !== each.position) changes.note();
        each.position = next;
        fresh.push(...timed(each.splitter.push(piece), each.stream, new Date()));
      }
      yield* merged(fresh);
      if (!changes.noted && last) {
        yield* merged(streams.flatMap(({ splitter, stream }) => timed(splitter.end(), stream, new Date())));
        return;
      }
      await changes.next();
    }
  } finally {
    changes.stop();
  }
}

function timed(lines: readonly string[], stream: LogLine['stream'], end: Date): Timed[] {
  const result: Timed[] = [];
  let order = end.getTime();
  for (const text of lines.toReversed()) {
    const at = timeOf(text);
    if (at) order = at.getTime();
    result.push({ at, stream, text, order });
  }
  return result.reverse();
}

function merged(lines: readonly Timed[]): LogLine[] {
  return lines.toSorted((a, b) => a.order - b.order).map(({ at, stream, text }) => ({ at, stream, text }));
}

/** Tells of writes to files: at once where the system can, else within a second. */
class Changes {
  noted = false;
  private wake: () => void = () => undefined;
  private readonly watchers: { close(): void }[] = [];
  private readonly timer: NodeJS.Timeout;
  private readonly signal: AbortSignal | undefined;
  readonly note = (): void => {
    this.noted = true;
    this.wake();
  };

  constructor(paths: readonly string[], signal: AbortSignal | undefined) {
    this.signal = signal;
    this.timer = setInterval(this.note, LOOK_EVERY_MS);
    signal?.addEventListener('abort', this.note);
    for (const path of paths) {
      try {
        this.watchers.push(watch(path, this.note).on('error', () => undefined));
      } catch {
        // No watches left on this system: the timer does it.
      }
    }
  }

  async next(): Promise<void> {
    if (!this.noted) await new Promise<void>((resolve) => (this.wake = resolve));
    this.noted = false;
    this.wake = () => undefined;
  }

  stop(): void {
    clearInterval(this.timer);
    this.signal?.removeEventListener('abort', this.note);
    for (const watcher of this.watchers) watcher.close();
  }
}
