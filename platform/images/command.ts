import { spawn } from 'node:child_process';
import { identify, type ProcessIdentity } from '../process';
import { groupMembers, signal } from '../process-group';
import { keepLastLines } from './last-lines';

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
  /** Ends it before. */
  readonly signal: AbortSignal;
  readonly onLine: (line: string) => void;
  /** The shell, as soon as it runs: it leads a process group. */
  readonly onStarted: (shell: ProcessIdentity | undefined) => void;
}

/** Runs a shell command to its end, and ends what it leaves running. */
export function runCommand(
  command: string,
  { folder, env, limitMs, signal: stop, onLine, onStarted }: CommandOptions,
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const last = keepLastLines(onLine);
    let expired = false;
    const child = spawn('sh', ['-c', command], { cwd: folder, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const endGroup = (): void => {
      if (child.pid !== undefined) for (const pid of groupMembers(child.pid)) signal(pid, 'SIGKILL');
    };
    const timer = setTimeout(() => {
      expired = true;
      endGroup();
    }, limitMs);
    const listeners = [child.stdout, child.stderr].map((stream) => {
      const listener = last.listen();
      stream.setEncoding('utf8').on('data', listener.hear);
      return listener;
    });
    stop.addEventListener('abort', endGroup, { once: true });
    if (stop.aborted) endGroup();
    const finish = (failure: string | undefined): void => {
      clearTimeout(timer);
      stop.removeEventListener('abort', endGroup);
      for (const { flush } of listeners) flush();
      resolve({ failure, lastLines: last.lines });
    };
    if (child.pid !== undefined) onStarted(identify(child.pid));
    child.once('error', (error) => finish(`the shell could not be started: ${error.message}`));
    child.once('exit', endGroup);
    child.once('close', (code, name) => {
      if (expired) finish(`it took longer than ${Math.round(limitMs / 60_000)} minutes`);
      else if (stop.aborted) finish('Edwin was stopped meanwhile');
      else if (code === 0) finish(undefined);
      else finish(name ? `it was ended by ${name}` : `it exited with status ${code}`);
    });
  });
}
