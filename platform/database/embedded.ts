import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { EdwinError } from '../errors';
import type { Logger } from '../log';
import { freePort, isFree } from '../ports';
import { findBinaries } from './binaries';
import { type Cluster, initialize, launch } from './cluster';
import { isConnectionLoss } from './postgres';
import { findServer, isAlive, type RunningServer, readServerFile } from './running';
import { give, unprivileged } from './unprivileged';
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

const STOP_LIMIT_MS = 8_000;
const PATIENCE_MS = 10_000;

/**
 * Starts PostgreSQL from the binaries npm brought, or takes over the one that runs on the folder already. It listens
 * on 127.0.0.1 only and asks for a password. Its process outlives this one, unless `ephemeral`.
 * Errors: `database.start-failed`, `start.missing-library`, `start.disk-full`, `start.port-taken`.
 */
export async function startEmbedded(given: EmbeddedOptions): Promise<EmbeddedServer> {
  const options = { ...given, folder: resolve(given.folder) };
  const { folder } = options;
  const data = join(folder, 'data');
  try {
    mkdirSync(dirname(folder), { recursive: true });
    if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
    const running = await adopt(options, data);
    if (running) return running;
    const binaries = findBinaries(join(folder, 'lib'));
    const runner = unprivileged(data, binaries.postgres);
    const cluster = { folder, binaries, runner, durable: options.durable ?? !options.ephemeral };
    if (!existsSync(join(data, 'PG_VERSION'))) initialize(cluster);
    give(data, runner.owner);
    return await serverOf(options, await launchOnPort(cluster, options.port), false);
  } catch (error) {
    if (options.ephemeral) rmSync(folder, { recursive: true, force: true });
    throw explained(error, folder);
  }
}

/** Takes over the server that runs on the folder; one that is just starting or ending is waited for. */
async function adopt(options: EmbeddedOptions, data: string): Promise<EmbeddedServer | undefined> {
  const limit = Date.now() + PATIENCE_MS;
  for (;;) {
    const server = findServer(data);
    if (!server) return undefined;
    try {
      if (server.ready || Date.now() > limit) return await serverOf(options, server, true);
    } catch (error) {
      if (!isConnectionLoss(error) || Date.now() > limit) throw error;
    }
    await pause(20);
  }
}

/** Tries again while processes of a server that was killed are ending, and when a port was taken in the last moment. */
async function launchOnPort(cluster: Cluster, wanted: number | undefined): Promise<RunningServer> {
  const limit = Date.now() + PATIENCE_MS;
  for (;;) {
    const port = await choosePort(cluster.folder, wanted);
    writeFileSync(join(cluster.folder, 'port'), String(port));
    try {
      return await launch(cluster, port);
    } catch (error) {
      const passing = /is still in use|postmaster.pid" already exists|could not create any TCP\/IP sockets/.test(
        (error as Error).message,
      );
      if (!passing || Date.now() > limit) throw error;
      await pause(100);
    }
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

async function choosePort(folder: string, port: number | undefined): Promise<number> {
  if (port !== undefined) {
    if (await isFree(port)) return port;
    throw new EdwinError('start.port-taken', `Port ${port}, wanted for PostgreSQL, is taken.`);
  }
  const file = join(folder, 'port');
  const last = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  return last > 0 && (await isFree(last)) ? last : freePort();
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
  const telling = lines.filter((line) => /LOG:|FATAL|PANIC|ERROR|error:|error while/.test(line));
  const end = (telling.length > 0 ? telling : lines).slice(-5).join('\n');
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
