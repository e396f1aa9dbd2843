import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { hasCode } from '../errors';
import { type Frame, framesOf } from './docker-frames';
import { Given } from './docker-given';
import type { LogLine, LogOptions } from './hosts';
import { LineSplitter, timeOf } from './lines';

const TAIL_LIMIT = 10_000;
const AGAIN_MS = 200;

/** Where a log is read from, and what became of its instance. */
export interface LogSource {
  /** Opens the log; rejects with `hosts.unreachable` while the host is away. */
  open(query: LogQuery, signal: AbortSignal): Promise<Readable>;
  state(): Promise<'running' | 'exited' | 'gone'>;
  /** Resolves at once while the host is reached, else when it is again or `signal` aborts. */
  changed(signal: AbortSignal): Promise<void>;
}

export interface LogQuery {
  readonly follow: boolean;
  readonly tail: number | 'all';
  /** Seconds with nine decimals; messages of exactly that time are given, too. */
  readonly since?: string;
}

/**
 * The newest lines, then with `follow` what comes until the instance has ended or `signal` aborts. When the connection
 * is lost it goes on from the last message it gave: none is left out and none given twice. It reads no faster than its
 * lines are taken; a reader that falls a whole file (10 MB) behind misses what the engine then passes over.
 */
export async function* readDockerLogs(
  source: LogSource,
  options: LogOptions,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const tail = Math.min(options.tail, TAIL_LIMIT);
  const log = new Joined();
  if (options.follow !== true) {
    if (tail > 0)
      for await (const frame of framesOf(await source.open({ follow: false, tail }, signal))) yield* log.lines(frame);
    yield* log.end();
    return;
  }
  if (tail === 0)
    for await (const frame of framesOf(await source.open({ follow: false, tail: 1 }, signal))) log.pass(frame);
  let query: LogQuery = tail === 0 ? log.next(true) : { follow: true, tail };
  while (!signal.aborted) {
    try {
      for await (const frame of framesOf(await source.open(query, signal))) yield* log.lines(frame);
      const state = await source.state();
      if (state === 'exited' && !query.follow) yield* log.end();
      if (state === 'gone' || (state === 'exited' && !query.follow)) return;
      // The end of the stream may come before the last lines: they are asked for once more.
      query = log.next(state === 'running');
      if (state === 'running') await rest(signal);
    } catch (error) {
      if (signal.aborted || hasCode(error, 'hosts.unknown-instance')) return;
      query = log.next(true);
      await source.changed(signal);
      await rest(signal);
    }
  }
}

async function rest(signal: AbortSignal): Promise<void> {
  await pause(AGAIN_MS, undefined, { signal }).catch(() => undefined);
}

/** Frames made to lines, over as many connections as it takes. */
class Joined {
  private readonly parts = {
    stdout: { splitter: new LineSplitter(), begun: undefined as string | undefined },
    stderr: { splitter: new LineSplitter(), begun: undefined as string | undefined },
  };
  private readonly given = new Given();

  /** What to ask for to go on. */
  next(follow: boolean): LogQuery {
    const { lastTime } = this.given;
    this.given.repeat();
    return { follow, tail: 'all', ...(lastTime !== undefined && { since: secondsOf(lastTime) }) };
  }

  pass(frame: Frame): boolean {
    return this.given.take(frame);
  }

  *lines(frame: Frame): Generator<LogLine> {
    if (!this.pass(frame)) return;
    const { stream, time, payload } = frame;
    const part = this.parts[stream];
    const begun = part.begun ?? time;
    for (const text of part.splitter.push(payload)) yield lineOf(stream, text, begun);
    part.begun = payload.at(-1) === 10 ? undefined : begun;
  }

  /** What came after the last line end. */
  *end(): Generator<LogLine> {
    for (const stream of ['stdout', 'stderr'] as const) {
      const { splitter, begun } = this.parts[stream];
      for (const text of splitter.end()) yield lineOf(stream, text, begun ?? '');
    }
  }
}

function lineOf(stream: LogLine['stream'], text: string, time: string): LogLine {
  const written = new Date(time);
  return { at: timeOf(text) ?? (Number.isNaN(written.getTime()) ? undefined : written), stream, text };
}

function secondsOf(time: string): string {
  const [, seconds = time, decimals = ''] = /^(.+?)(?:\.(\d+))?Z$/.exec(time) ?? [];
  return `${Date.parse(`${seconds}Z`) / 1000}.${decimals.padEnd(9, '0')}`;
}
