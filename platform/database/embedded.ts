import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { EdwinError } from '../errors';
import type { Logger } from '../log';
import { type Binaries, findBinaries } from './binaries';
import { freePort, isFree } from './ports';
import { findServer, isAlive, type RunningServer, readServerFile } from './running';
import { give, type Runner, unprivileged } from './unprivileged';
import { stopWithThisProcess } from './watchdog';

export interface EmbeddedOptions {
  /** Everything of the server is in here: `data`, `password` (0600), `port`, `postgres.log`. */
  readonly folder: string;
  /** Without it: the port of the last start, else a free one. */
  readonly port?: number;
  readonly log: Logger;
  /** False: a crash of the machine may lose data, and everything is faster. For tests. Default true. */
  readonly durable?: boolean;
  /** For tests: the server ends, and its folder goes, when this process ends, however it ends. Default false. */
  readonly ephemeral?: boolean;
}

export interface EmbeddedServer {
  /** Address of the superuser. Holds the password: never log it. */
  readonly adminUrl: string;
  readonly port: number;
  readonly pid: number;
  /** True when the server ran already, left by an earlier start. */
  readonly adopted: boolean;
  alive(): boolean;
  /** Ends sessions, writes everything out and resolves when the server's process is gone. Safe to call twice. */
  stop(): Promise<void>;
}

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 8_000;
const LOG_LIMIT_BYTES = 4 * 1024 * 1024;

/**
 * Starts PostgreSQL from the binaries npm brought, or takes over the one that runs on the folder already. It listens
 * on 127.0.0.1 only and asks for a password. Its process outlives this one, unless `ephemeral`.
 * Errors: `database.start-failed`, `start.missing-library`, `start.disk-full`, `start.port-taken`.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const { folder } = options;
  const data = join(folder, 'data');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const running = findServer(data);
    if (running) return serverOf(options, running, true);
    const binaries = findBinaries(join(folder, 'lib'));
    const runner = unprivileged(data, binaries.postgres);
    if (!existsSync(join(data, 'PG_VERSION'))) initialize(folder, binaries, runner);
    give(data, runner.owner);
    const port = await choosePort(options);
    writeFileSync(join(folder, 'port'), String(port));
    return serverOf(options, await launch(options, binaries, runner, port), false);
  } catch (error) {
    if (options.ephemeral) rmSync(folder, { recursive: true, force: true });
    throw explained(error, folder);
  }
}

async function serverOf(options: EmbeddedOptions, running: RunningServer, adopted: boolean): Promise<EmbeddedServer> {
  const { pid, port } = running;
  const password = readFileSync(join(options.folder, 'password'), 'utf8').trim();
  const adminUrl = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  const client = new Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  await client.end();
  const watchdog = options.ephemeral ? stopWithThisProcess(pid, options.folder) : undefined;
  options.log.info({ port, pid, adopted }, adopted ? 'PostgreSQL runs already' : 'PostgreSQL started');
  const alive = (): boolean => readServerFile(join(options.folder, 'data'))?.pid === pid && isAlive(pid);
  const stop = async (): Promise<void> => {
    await end(pid, alive);
    watchdog?.dismiss();
    if (options.ephemeral) rmSync(options.folder, { recursive: true, force: true });
  };
  return { adminUrl, port, pid, adopted, alive, stop };
}

/** Makes the data folder beside its final place and moves it there, so that a crash leaves no half-made one. */
function initialize(folder: string, binaries: Binaries, runner: Runner): void {
  const fresh = join(folder, 'data.new');
  const password = join(folder, 'password');
  rmSync(fresh, { recursive: true, force: true });
  rmSync(join(folder, 'data'), { recursive: true, force: true });
  writeFileSync(password, randomBytes(24).toString('base64url'), { mode: 0o600 });
  mkdirSync(fresh, { mode: 0o700 });
  for (const path of [fresh, password]) give(path, runner.owner);
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const access = ['--username=postgres', '--auth=scram-sha-256', `--pwfile=${password}`];
  const [command = '', ...args] = [...runner.prefix, binaries.initdb, `--pgdata=${fresh}`, ...access, ...locale];
  const made = spawnSync(command, [...args, '--no-sync'], {
    ...runner.spawnAs,
    env: environmentOf(binaries),
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(made.error?.message ?? `${made.stdout}\n${made.stderr}`);
  spawnSync('sync', ['-f', fresh], { stdio: 'ignore' }); // one pass over the file system is far faster than a call per file
  renameSync(fresh, join(folder, 'data'));
}

async function choosePort({ folder, port }: EmbeddedOptions): Promise<number> {
  if (port !== undefined) {
    if (await isFree(port)) return port;
    throw new EdwinError('start.port-taken', `Port ${port}, wanted for PostgreSQL, is taken.`);
  }
  const file = join(folder, 'port');
  const last = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  return last > 0 && (await isFree(last)) ? last : freePort();
}

async function launch(
  options: EmbeddedOptions,
  binaries: Binaries,
  runner: Runner,
  port: number,
): Promise<RunningServer> {
  const data = join(options.folder, 'data');
  rmSync(join(data, 'postmaster.pid'), { force: true }); // of a crash: nobody runs on this folder, that was looked up
  const logFile = join(options.folder, 'postgres.log');
  if (existsSync(logFile) && statSync(logFile).size > LOG_LIMIT_BYTES) renameSync(logFile, `${logFile}.1`);
  const output = openSync(logFile, 'a', 0o600);
  const start = existsSync(logFile) ? statSync(logFile).size : 0;
  const settings = Object.entries(settingsOf(port, options.durable ?? !options.ephemeral)).map(
    ([k, v]) => `-c${k}=${v}`,
  );
  const [command = '', ...args] = [...runner.prefix, binaries.postgres, '-D', data, ...settings];
  const child = spawn(command, args, {
    ...runner.spawnAs,
    detached: true,
    stdio: ['ignore', output, output],
    env: environmentOf(binaries),
    cwd: '/',
  });
  closeSync(output);
  let ended: string | undefined;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (status, signal) => (ended = `it ended with ${signal ?? `status ${status}`}`));
  child.unref();
  const limit = Date.now() + START_LIMIT_MS;
  for (;;) {
    const server = readServerFile(data);
    if (server?.ready && server.pid === child.pid) return server;
    if (ended !== undefined || Date.now() > limit) {
      const said = existsSync(logFile) ? readFileSync(logFile).subarray(start).toString('utf8') : '';
      throw new Error(`${said}\n${ended ?? `it is not ready after ${START_LIMIT_MS / 1000} s`}`);
    }
    await pause(10);
  }
}

/** Small enough that the whole platform idles in a few hundred megabytes. */
function settingsOf(port: number, durable: boolean): Record<string, string | number> {
  return {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 200,
    shared_buffers: '24MB',
    work_mem: '2MB',
    maintenance_work_mem: '16MB',
    jit: 'off',
    max_worker_processes: 2,
    max_parallel_workers: 0,
    max_parallel_workers_per_gather: 0,
    max_logical_replication_workers: 0,
    autovacuum_max_workers: 1,
    autovacuum_naptime: '20s',
    max_wal_senders: 0,
    wal_level: 'minimal',
    min_wal_size: '32MB',
    max_wal_size: '256MB',
    wal_buffers: '1MB',
    io_method: 'sync',
    log_min_messages: 'warning',
    log_checkpoints: 'off',
    log_line_prefix: '%m ',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...(!durable && { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
}

function environmentOf(binaries: Binaries): NodeJS.ProcessEnv {
  return { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', ...binaries.environment };
}

async function end(pid: number, alive: () => boolean): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (!alive()) return;
    process.kill(pid, signal);
    const limit = Date.now() + STOP_LIMIT_MS;
    while (isAlive(pid) && Date.now() < limit) await pause(10);
  }
}

/** Sorts what PostgreSQL said under the codes a person can act on. */
function explained(error: unknown, folder: string): unknown {
  if (error instanceof EdwinError) return error;
  const said = error instanceof Error ? error.message.trim() : String(error);
  const lines = said.split('\n').filter((line) => line.trim() !== '');
  const end = lines.slice(-6).join('\n');
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOSPC' || /No space left on device|Disk quota exceeded/i.test(said))
    return new EdwinError('start.disk-full', `The disk of ${folder} is full: ${end}.`, { cause: error });
  if (code === 'EACCES' || code === 'EROFS')
    return new EdwinError('start.data-folder', `PostgreSQL can not use ${folder}: ${end}.`, { cause: error });
  if (/error while loading shared libraries|Library not loaded|cannot execute|not found \(required/i.test(said))
    return new EdwinError('start.missing-library', `PostgreSQL does not run on this machine: ${end}.`, {
      cause: error,
    });
  return new EdwinError('database.start-failed', `PostgreSQL did not start in ${folder}: ${end}`, { cause: error });
}
