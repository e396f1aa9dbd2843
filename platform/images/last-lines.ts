const LINES_KEPT = 20;
const LINE_LIMIT = 2000;

/** Passes on what a build writes, line by line, and keeps its last lines. */
export interface Listener {
  /** Any piece of text; lines may be cut anywhere. */
  readonly hear: (text: string) => void;
  /** The end of a line that had none. */
  readonly flush: () => void;
}

export interface LastLines {
  /** A listener for each stream, since their pieces come mixed. */
  listen(): Listener;
  readonly lines: readonly string[];
}

export function keepLastLines(onLine: (line: string) => void): LastLines {
  const lines: string[] = [];
  const heard = (line: string): void => {
    lines.push(line.length > LINE_LIMIT ? `${line.slice(0, LINE_LIMIT)} …` : line);
    if (lines.length > LINES_KEPT) lines.shift();
    onLine(lines.at(-1)!);
  };
  return {
    lines,
    listen() {
      let rest = '';
      return {
        hear(text) {
          const whole = (rest + text).split(/\r?\n|\r/);
          rest = whole.pop()!.slice(0, LINE_LIMIT);
          whole.forEach(heard);
        },
        flush() {
          if (rest !== '') heard(rest);
          rest = '';
        },
      };
    },
  };
}
