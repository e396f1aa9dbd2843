/** What the command line writes to; the process's own streams, or a test's. */
export interface Terminal {
  readonly out: { write(text: string): unknown; readonly isTTY?: boolean };
  readonly err: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
  /** Colours beside the words. */
  readonly color: boolean;
}

/** NO_COLOR wins, CLICOLOR_FORCE is next, else colours are for terminals. */
export function wantsColor(env: NodeJS.ProcessEnv, isTTY: boolean): boolean {
  if (env['NO_COLOR']) return false;
  if (env['CLICOLOR_FORCE'] && env['CLICOLOR_FORCE'] !== '0') return true;
  return isTTY && env['TERM'] !== 'dumb';
}

const red = '\u001b[31m';
const green = '\u001b[32m';
const plain = '\u001b[0m';

export function colored(text: string, exit: number, color: boolean): string {
  if (!color || exit === 8) return text;
  return `${exit === 0 ? green : red}${text}${plain}`;
}

/** Progress on stderr: one line that changes on a terminal, lines under each other elsewhere. */
export function openProgress({ err }: Terminal): { show(text: string): void; clear(): void } {
  let shown = '';
  return {
    show(text) {
      if (text === shown) return;
      shown = text;
      if (err.isTTY) err.write(`\r\u001b[K${text.slice(0, (err.columns ?? 80) - 1)}`);
      else err.write(`${text}\n`);
    },
    clear() {
      if (err.isTTY && shown !== '') err.write('\r\u001b[K');
      shown = '';
    },
  };
}
