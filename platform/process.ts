import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process for good: ids are used again by the system, an id with its time of start is not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Time of start in the system's own words. */
  readonly start: string;
}

/** Undefined when no such process runs; one that has ended but was not collected yet does not run. */
export function identify(pid: number): ProcessIdentity | undefined {
  const start = process.platform === 'linux' ? startOnLinux(pid) : startByPs(pid);
  return start === undefined ? undefined : { pid, start };
}

export function isRunning(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.start === identity.start;
}

/** Field 22 of /proc/PID/stat, counted behind the command, which may hold spaces (proc(5)). */
function startOnLinux(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function startByPs(pid: number): string | undefined {
  const { status, stdout } = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' });
  const text = stdout.trim();
  return status === 0 && text !== '' && !text.startsWith('Z') ? text.replace(/^\S+\s+/, '') : undefined;
}
