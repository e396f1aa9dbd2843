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
import type { Binaries } from './binaries';
import { isAlive, type RunningServer, readServerFile } from './running';
import { give, type Runner } from './unprivileged';

/** One PostgreSQL: its folder, and how its programs are run. */
export interface Cluster {
  readonly folder: string;
  readonly binaries: Binaries;
  readonly runner: Runner;
  readonly durable: boolean;
}

const START_LIMIT_MS = 60_000;
const LOG_LIMIT_BYTES = 4 * 1024 * 1024;

/** Makes the data folder beside its final place and moves it there, so that a crash leaves no half-made one. */
export function initialize({ folder, binaries, runner, durable }: Cluster): void {
  const fresh = join(folder, 'data.new');
  const password = join(folder, 'password');
  rmSync(fresh, { recursive: true, force: true });
  writeFileSync(password, randomBytes(24).toString('base64url'), { mode: 0o600 });
  mkdirSync(fresh, { mode: 0o700 });
  for (const path of [fresh, password]) give(path, runner.owner);
  if (runner.spawnAs.uid !== undefined) give(folder, runner.owner); // it can not pass a closed folder of another
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const access = ['--username=postgres', '--auth=scram-sha-256', `--pwfile=${password}`];
  const [command = '', ...args] = [...runner.prefix, binaries.initdb, `--pgdata=${fresh}`, ...access, ...locale];
  const made = spawnSync(command, [...args, '--no-sync'], {
    ...runner.spawnAs,
    env: environmentOf(binaries),
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(made.error?.message ?? `${made.stdout}\n${made.stderr}`);
  if (durable) spawnSync('sync', ['-f', fresh], { stdio: 'ignore' }); // far faster than a call for each file
  renameSync(fresh, join(folder, 'data'));
}

/** Starts the server and resolves when it takes connections; rejects with what it wrote to its log if it ends. */
export async function launch({ folder, binaries, runner, durable }: Cluster, port: number): Promise<RunningServer> {
  const data = join(folder, 'data');
  const logFile = join(folder, 'postgres.log');
  const left = readServerFile(data);
  // By itself PostgreSQL replaces what a crash left, unless another program has that process id by now.
  if (left && isAlive(left.pid)) rmSync(join(data, 'postmaster.pid'), { force: true });
  if (existsSync(logFile) && statSync(logFile).size > LOG_LIMIT_BYTES) renameSync(logFile, `${logFile}.1`);
  const output = openSync(logFile, 'a', 0o600);
  const start = existsSync(logFile) ? statSync(logFile).size : 0;
  const settings = Object.entries(settingsOf(port, durable)).map(([k, v]) => `-c${k}=${v}`);
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
