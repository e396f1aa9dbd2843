import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { until } from '../until';

/** An HAProxy as Edwin's edge, with its processes in a group of their own. */
export interface RunningHaproxy {
  /** For `openEdge`. */
  readonly adminUrl: string;
  readonly trafficUrl: string;
  /** Serves /healthz and /metrics. */
  readonly opsUrl: string;
  /** EDGE_POOLS: the pools as they are written. */
  readonly folder: string;
  /** Path of the master's socket. */
  readonly socket: string;
  readonly version: string;
  /** Process ids of its workers: another one after a reload. */
  workers(): number[];
  /** What it logged. */
  log(): string;
  /** kill -9 of all its processes. */
  crash(): Promise<void>;
  /** Starts it again at the same addresses. */
  start(): Promise<void>;
  pause(): void;
  resume(): void;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/**
 * Starts HAProxy in master-worker mode with empty pools, as in production (platform/edge/haproxy/start.sh).
 * @param options.program path of the binary
 * @param options.host where it listens for traffic: an address of this machine that its clients reach
 */
export async function startHaproxy({
  program,
  host = '127.0.0.1',
  port,
}: {
  readonly program: string;
  readonly host?: string;
  readonly port?: number;
}): Promise<RunningHaproxy> {
  const home = mkdtempSync(join(tmpdir(), 'edwin-haproxy-'));
  const [folder, socket, logFile] = [join(home, 'pools'), join(home, 'master.sock'), join(home, 'log')];
  const traffic = `${host}:${port ?? (await freePort(host))}`;
  const ops = `127.0.0.1:${await freePort('127.0.0.1')}`;
  let master: ChildProcess;

  const start = async (): Promise<void> => {
    const out = openSync(logFile, 'a');
    master = spawn('/bin/sh', [resolve(__dirname, '../../platform/edge/haproxy/start.sh')], {
      detached: true,
      stdio: ['ignore', out, out],
      env: {
        PATH: process.env['PATH'],
        HAPROXY: program,
        EDGE_POOLS: folder,
        EDGE_BIND: traffic,
        EDGE_OPS_BIND: ops,
        EDGE_ADMIN: `${socket},mode,600`,
      },
    });
    closeSync(out);
    const refused = () => master.exitCode !== null && new Error(`HAProxy ended:\n${readFileSync(logFile, 'utf8')}`);
    await until(
      async () => {
        const error = refused();
        if (error) return error;
        return (await fetch(`http://${ops}/healthz`)).ok;
      },
      { what: 'HAProxy is healthy', withinMs: 20_000 },
    ).then((result) => {
      if (result instanceof Error) throw result;
    });
  };
  const signal = (name: NodeJS.Signals): void => {
    if (master.exitCode === null && master.signalCode === null) process.kill(-master.pid!, name);
  };
  const end = async (): Promise<void> => {
    const ended = new Promise((done) => master.once('exit', done));
    if (master.exitCode !== null || master.signalCode !== null) return;
    signal('SIGKILL');
    await ended;
  };
  const onExit = (): void => signal('SIGKILL');
  process.once('exit', onExit);
  await start();
  return {
    adminUrl: `haproxy+unix://${socket}?config=${folder}`,
    trafficUrl: `http://${traffic}`,
    opsUrl: `http://${ops}`,
    folder,
    socket,
    version: /version (\S+)/.exec(execFileSync(program, ['-v'], { encoding: 'utf8' }))?.[1] ?? 'unknown',
    workers: () => childrenOf(master.pid!),
    log: () => readFileSync(logFile, 'utf8'),
    crash: end,
    start,
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    stop: async () => {
      await end();
      process.off('exit', onExit);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}

function freePort(host: string): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer().once('error', fail);
    server.listen(0, host, () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });
}
