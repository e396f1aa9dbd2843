import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { freePort } from '../../platform/ports';

/** Folder of the project, whether this runs from its sources or compiled. */
export const root = __dirname.includes(`${sep}dist${sep}`)
  ? join(__dirname, '..', '..', '..')
  : join(__dirname, '..', '..');

/** What `edwin … --json` printed, and its exit status. */
interface CommandResult {
  readonly status: number;
  readonly json: Record<string, unknown> & { state?: string; message?: string; to?: number; duration_ms?: number };
  readonly stderr: string;
}

/** An Edwin as a person starts it, on a data folder of its own, with a copy of a repository to commit to. */
export interface RunningEdwin {
  readonly repository: string;
  readonly data: string;
  readonly url: string;
  readonly startedInMs: number;
  /** Process of `edwin up`. */
  readonly process: ChildProcess;
  output(): string;
  /** Runs `edwin <words>` to its end. */
  edwin(...words: string[]): Promise<CommandResult>;
  /** Ctrl-C; resolves with the milliseconds until the process had ended. */
  stop(): Promise<number>;
}

/** A clone of this project that shares its installed packages, for commits that break or change a service. */
export function cloneProject(): string {
  const folder = mkdtempSync(join(tmpdir(), 'edwin-project-'));
  execFileSync('git', ['clone', '--quiet', '--no-hardlinks', root, folder]);
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

export function commit(repository: string, message: string): string {
  const git = (...args: string[]): string =>
    execFileSync(
      'git',
      ['-c', 'user.name=Alice', '-c', 'user.email=alice@example.org', '-c', 'commit.gpgsign=false', ...args],
      { cwd: repository, encoding: 'utf8' },
    );
  git('add', '--all');
  git('commit', '--quiet', '--message', message);
  return git('rev-parse', 'HEAD').trim();
}

export async function startEdwin(options: {
  repository: string;
  data?: string;
  port?: number;
  fill?: boolean;
  /** Address it is told to listen on. */
  host?: string;
  env?: Record<string, string>;
}): Promise<RunningEdwin> {
  const data = options.data ?? join(mkdtempSync(join(tmpdir(), 'edwin-data-')), 'data');
  const port = options.port ?? (await freePort());
  const args = [
    join(root, 'bin', 'edwin.js'),
    'up',
    '--data',
    data,
    '--port',
    String(port),
    '--catalog',
    join(options.repository, 'edwin.yaml'),
  ];
  if (options.fill === false) args.push('--no-fill');
  const began = Date.now();
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', () => output.includes('Edwin is up') && resolve());
    child.once('exit', (code) => reject(new Error(`edwin up ended with ${code}:\n${output}`)));
  });
  return {
    repository: options.repository,
    data,
    url: `http://${options.host ?? '127.0.0.1'}:${port}`,
    startedInMs: Date.now() - began,
    process: child,
    output: () => output,
    edwin: (...words) => runEdwin([...words, '--data', data, '--json']),
    async stop() {
      const asked = Date.now();
      if (child.exitCode === null && child.signalCode === null) {
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGINT');
        await ended;
      }
      return Date.now() - asked;
    },
  };
}

/** Deletes what `cloneProject` and `startEdwin` made. */
export function cleanUp(...folders: string[]): void {
  for (const folder of folders) {
    execFileSync('chmod', ['-R', 'u+w', folder]);
    rmSync(folder, { recursive: true, force: true });
  }
}

function runEdwin(words: string[]): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, 'bin', 'edwin.js'), ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.once('close', (status) => {
      try {
        resolve({ status: status ?? 1, json: stdout.trim() === '' ? {} : JSON.parse(stdout), stderr });
      } catch {
        reject(new Error(`edwin ${words.join(' ')} did not print JSON: ${stdout}\n${stderr}`));
      }
    });
  });
}

/** Process ids of the platform's programs, by name, and of the running instances, by id. */
export function processesOf(data: string): { programs: Record<string, number>; postgres: number | undefined } {
  const programs = Object.fromEntries(
    ['edge', 'observability', 'chatops'].flatMap((name) => {
      const file = join(data, 'programs', `${name}.json`);
      return existsSync(file) ? [[name, JSON.parse(readFileSync(file, 'utf8')).process.pid as number]] : [];
    }),
  );
  const postmaster = join(data, 'postgres', 'data', 'postmaster.pid');
  return {
    programs,
    postgres: existsSync(postmaster) ? Number(readFileSync(postmaster, 'utf8').split('\n')[0]) : undefined,
  };
}
