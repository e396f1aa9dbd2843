import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../until';

/** Port of 127.0.0.1 → port of the other address. */
export type Ports = Readonly<Record<number, number>>;

/**
 * Makes servers that listen on 127.0.0.1 reachable at another address of this machine, which instances on test hosts
 * reach, too. HAProxy passes the bytes on, which costs far less than a relay in Node.
 */
export async function reachAt(program: string, address: string, ports: Ports): Promise<{ close(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'edwin-reach-'));
  const file = join(folder, 'haproxy.cfg');
  const lines = ['defaults', '  mode tcp', '  timeout connect 5s', '  timeout client 24h', '  timeout server 24h'];
  for (const [from, to] of Object.entries(ports))
    lines.push(`listen p${from}`, `  bind ${address}:${to}`, `  server it 127.0.0.1:${from}`);
  writeFileSync(file, `${lines.join('\n')}\n`);
  // detached: Linux gives each session its share of the processors
  const child: ChildProcess = spawn(program, ['-db', '-f', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  let said = '';
  child.stderr?.on('data', (chunk) => (said += chunk));
  const onExit = (): void => void child.kill('SIGKILL');
  process.once('exit', onExit);
  const ended = once(child, 'exit');
  await until(
    async () => {
      if (child.exitCode !== null) throw new Error(`HAProxy ended: ${said}`);
      return (await Promise.all(Object.values(ports).map((port) => listens(address, port)))).every(Boolean);
    },
    { what: `${address} listens` },
  );
  return {
    async close() {
      child.kill('SIGKILL');
      await ended;
      process.off('exit', onExit);
      rmSync(folder, { recursive: true });
    },
  };
}

function listens(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
