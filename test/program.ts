import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

const root = join(__dirname, '..');

export interface TestProgram {
  readonly child: ChildProcess;
  /** Address it listens on, told by its `program.started` line. */
  readonly url: string;
  readonly startMs: number;
  output(): string;
  errors(): string;
  /** Sends SIGTERM and resolves with the exit status, or the signal that ended it. */
  stop(): Promise<number | string>;
}

/** Starts a program from its source, as `edwin up` does from `dist`, and resolves once it listens. */
export async function startProgram(
  file: string,
  env: Readonly<Record<string, string>>,
  options: { instrumented?: boolean } = {},
): Promise<TestProgram> {
  const preloads = ['test/typescript.js', ...(options.instrumented ? ['observability/instrument.ts'] : [])];
  const started = Date.now();
  const child = spawn(process.execPath, [...preloads.flatMap((path) => ['-r', join(root, path)]), join(root, file)], {
    cwd: root,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const exited = new Promise<number | string>((resolve) => {
    child.on('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const port = /"event\.name":"program\.started".*?"port":(\d+)|"port":(\d+).*?"program\.started"/.exec(output);
      if (port) resolve(`http://127.0.0.1:${port[1] ?? port[2]}`);
    });
    void exited.then((status) =>
      reject(new Error(`${file} ended with ${status} before it listened: ${errors}${output}`)),
    );
  });
  return {
    child,
    url,
    startMs: Date.now() - started,
    output: () => output,
    errors: () => errors,
    stop() {
      child.kill('SIGTERM');
      return exited;
    },
  };
}
