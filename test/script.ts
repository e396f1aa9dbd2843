import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface Script {
  readonly pid: number;
  /** Resolves with the first line of its output that has `text` in it; rejects when it ends before. */
  says(text: string): Promise<string>;
  /** Sends a signal, SIGKILL by default, and resolves when the process is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/** Runs a TypeScript file of ours as a process of its own; it ends with the test run at the latest. */
export function startScript(file: string, environment: Readonly<Record<string, string>>): Script {
  const preloads = ['typescript.js', join('jest', 'ends-with-run.js')].flatMap((name) => ['-r', join(__dirname, name)]);
  const child: ChildProcess = spawn(process.execPath, [...preloads, file], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], ...environment },
  });
  const lines: string[] = [];
  const output = createInterface({ input: child.stdout! });
  output.on('line', (line) => lines.push(line));
  const ended = once(child, 'exit');
  return {
    pid: child.pid ?? 0,
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const line = lines.find((one) => one.includes(text));
          if (line !== undefined) resolve(line);
        };
        look();
        output.on('line', look);
        output.once('close', () => reject(new Error(`${file} ended and did not say ${text}: ${lines.join('\n')}`)));
      }),
    kill: async (signal = 'SIGKILL') => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await ended;
    },
  };
}
