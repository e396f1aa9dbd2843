import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '../log';
import type { HostEntry } from './hosts-file';

const REMOTE_SOCKET = '/var/run/docker.sock';
const AGAIN_MS = 1_000;
const READY_LIMIT_MS = 3_000;
const LOOK_MS = 20;

/** A socket of this machine behind which an engine of another one answers. */
export interface Tunnel {
  readonly socket: string;
  /** Resolves with the socket when there is a first connection, or none for 3 s. */
  ready(): Promise<string>;
  /** The last words of ssh, while there is no connection. */
  trouble(): string | undefined;
  close(): void;
}

/**
 * Forwards a local socket to the engine's by the system's own `ssh`, so that its configuration, keys, agent and
 * known hosts are what they are for everybody who logs in there; a host that is not known is refused. One connection
 * carries all calls. The user needs a shell and the right to use the engine (group `docker`).
 * `ssh://user@host:22/var/run/docker.sock?key=FILE&knownHosts=FILE`: all but the host can be left out.
 */
export function openTunnel({ name, engine }: HostEntry, log: Logger): Tunnel {
  const folder = mkdtempSync(join(tmpdir(), 'edwin-ssh-'));
  const socket = join(folder, 'engine.sock');
  let child: ChildProcess | undefined;
  let words = '';
  let again: NodeJS.Timeout | undefined;
  let closed = false;

  const start = (): void => {
    // Its standard input is a pipe of ours: when this process dies, `cat` over there ends, and ssh with it.
    const process = spawn('ssh', sshArguments(engine, socket), { stdio: ['pipe', 'ignore', 'pipe'] });
    child = process;
    process.stdin.on('error', () => undefined);
    process.stderr.on('data', (piece: Buffer) => {
      words = `${words}${piece.toString()}`.slice(-500);
    });
    process.once('error', (error) => (words = error.message));
    process.once('close', () => {
      rmSync(socket, { force: true });
      if (closed) return;
      log.debug({ host: name }, `SSH to ${name} ended: ${lastLine(words)}`);
      again = setTimeout(start, AGAIN_MS).unref();
    });
    process.once('spawn', () => (words = ''));
    process.unref();
  };
  start();
  const ready = (async () => {
    const limit = Date.now() + READY_LIMIT_MS;
    while (!existsSync(socket) && !closed && Date.now() < limit) await pause(LOOK_MS, undefined, { ref: false });
    return socket;
  })();
  return {
    socket,
    ready: () => ready,
    trouble: () => lastLine(words) || undefined,
    close() {
      closed = true;
      clearTimeout(again);
      child?.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function sshArguments(engine: string, socket: string): string[] {
  const { username, hostname, port, pathname, searchParams } = new URL(engine);
  const remote = pathname.length > 1 ? decodeURIComponent(pathname) : REMOTE_SOCKET;
  const [key, knownHosts] = [searchParams.get('key'), searchParams.get('knownHosts')];
  const settings = [
    'BatchMode=yes',
    'ExitOnForwardFailure=yes',
    'StreamLocalBindUnlink=yes',
    'StreamLocalBindMask=0177',
    'ConnectTimeout=5',
    'ServerAliveInterval=2',
    'ServerAliveCountMax=3',
    'LogLevel=ERROR',
    ...(key ? [`IdentityFile=${key}`, 'IdentitiesOnly=yes'] : []),
    ...(knownHosts ? [`UserKnownHostsFile=${knownHosts}`, 'StrictHostKeyChecking=yes'] : []),
  ];
  return [
    '-T',
    ...settings.flatMap((setting) => ['-o', setting]),
    ...(port === '' ? [] : ['-p', port]),
    ...(username === '' ? [] : ['-l', decodeURIComponent(username)]),
    '-L',
    `${socket}:${remote}`,
    '--',
    hostname.replace(/^\[|\]$/g, ''),
    'cat',
  ];
}

const lastLine = (words: string): string => words.trim().split('\n').at(-1)?.trim() ?? '';
