import { spawn } from 'node:child_process';
import { identify, type ProcessIdentity } from '../process';
import { groupMembers, signal } from '../process-group';

const LINES_KEPT = 20;
const LINE_LIMIT = 2000;

export interface CommandResult {
  /** Undefined when it succeeded; else how it ended, as words. */
  readonly failure: string | undefined;
  /** The last lines it wrote. */
  readonly lastLines: readonly string[];
}

export interface CommandOptions {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly limitMs: number;
  readonly onLine: (line: string) => void;
  /** The shell, as soon as it runs: it leads a process group. */
  readonly onStarted: (shell: ProcessIdentity | undefined) => void;
}

/** Runs a shell command to its end, and ends what it leaves running. */
export function runCommand(
  command: string,
  { folder, env, limitMs, onLine, onStarted }: CommandOptions,
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const lastLines: string[] = [];
    let expired = false;
    const child = spawn('sh', ['-c', command], { cwd: folder, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const endGroup = (): void => {
      if (child.pid !== undefined) for (const pid of groupMembers(child.pid)) signal(pid, 'SIGKILL');
    };
    const timer = setTimeout(() => {
      expired = true;
      endGroup();
    }, limitMs);
    const heard = (line: string): void => {
      lastLines.push(line.length > LINE_LIMIT ? `${line.slice(0, LINE_LIMIT)} …` : line);
      if (lastLines.length > LINES_KEPT) lastLines.shift();
      onLine(lastLines.at(-1)!);
    };
    const streams = [child.stdout, child.stderr].map((stream) => linesOf(stream.setEncoding('utf8'), heard));
    const finish = (failure: string | undefined): void => {
      clearTimeout(timer);
      for (const flush of streams) flush();
      resolve({ failure, lastLines });
    };
    if (child.pid !== undefined) onStarted(identify(child.pid));
    child.once('error', (error) => finish(`the shell could not be started: ${error.message}`));
    child.once('exit', endGroup);
    child.once('close', (code, name) => {
      if (expired) finish(`it took longer than ${Math.round(limitMs / 60_000)} minutes`);
      else if (code === 0) finish(undefined);
      else finish(name ? `it was ended by ${name}` : `it exited with status ${code}`);
    });
  });
}

function linesOf(stream: NodeJS.ReadableStream, heard: (line: string) => void): () => void {
  let rest = '';
  stream.on('data', (text: string) => {
    const lines = (rest + text).split(/\r?\n|\r/);
    rest = lines.pop()!.slice(0, LINE_LIMIT);
    lines.forEach(heard);
  });
  return () => {
    if (rest !== '') heard(rest);
    rest = '';
  };
}
