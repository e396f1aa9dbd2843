import { spawn } from 'node:child_process';

/**
 * Ends a server when this process ends, even by kill -9: a small shell waits on a pipe whose other end only this
 * process holds; the pipe closes with it.
 */
export function stopWithThisProcess(pid: number, folder: string): { dismiss(): void } {
  const script =
    'read -r word; [ "$word" = done ] && exit; kill -INT "$1"; while kill -0 "$1" 2>/dev/null; do sleep 0.1; done; rm -rf "$2"';
  const shell = spawn('/bin/sh', ['-c', script, 'watchdog', String(pid), folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
  });
  shell.unref();
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  (shell.stdin as unknown as { unref(): void }).unref();
  return { dismiss: () => void shell.stdin.end('done\n') };
}
