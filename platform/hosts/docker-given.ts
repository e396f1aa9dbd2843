import type { Frame } from './docker-frames';

/** Messages that are remembered; an engine repeats some thousand at most. */
const REMEMBERED = 16_384;
const LINE_END = 10;

/**
 * Which messages of a log were given. They come again when reading goes on after a lost connection, and when the engine
 * cuts the log while it is followed: it then reads some of them twice (seen with 20.10, json-file and local). A message
 * is known by stream and time, to the nanosecond; the parts of a long line share one time and come in a row, the last of
 * them with the end of the line.
 */
export class Given {
  /** Message → how many of it were given in a row. */
  private readonly counts = new Map<string, number>();
  private last: string | undefined;
  /** Whether the last ended its line, so that nothing new has its time. */
  private ended = false;
  /** How many of the last are still to be passed over, while what was given comes again. */
  private again: number | undefined;

  get lastTime(): string | undefined {
    return this.last?.slice(1);
  }

  /** From now on what was given may come again. */
  repeat(): void {
    this.again = this.last === undefined ? undefined : this.counts.get(this.last);
  }

  /** False when it was given before. */
  take({ stream, time, payload }: Frame): boolean {
    const key = `${stream === 'stdout' ? 'o' : 'e'}${time}`;
    if (key !== this.last && this.counts.has(key)) {
      if (this.again === undefined) this.repeat();
      return false;
    }
    if (key === this.last) {
      if (this.ended && !this.again) this.repeat();
      if (this.again) {
        this.again -= 1;
        return false;
      }
    }
    this.again = undefined;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    this.last = key;
    this.ended = payload.at(-1) === LINE_END;
    if (this.counts.size > REMEMBERED) for (const oldest of this.counts.keys()) return this.counts.delete(oldest);
    return true;
  }
}
