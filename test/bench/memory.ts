import { readdirSync, readFileSync } from 'node:fs';
import { processesOf } from '../scenarios/edwin';
import { runningInstances } from './kill';

/** Proportional set sizes in MB, by program; shared memory is counted once. Linux only. */
export function memoryOf(
  data: string,
  up: number,
  environment: string,
): { parts: Record<string, number>; total: number } {
  const { programs, postgres } = processesOf(data);
  const parts: Record<string, number> = { up: megabytes([up]) };
  for (const [name, pid] of Object.entries(programs)) parts[name] = megabytes([pid]);
  if (postgres !== undefined) parts['postgresql'] = megabytes([postgres, ...childrenOf(postgres)]);
  for (const { service, pid } of runningInstances(data, environment))
    parts[service] = (parts[service] ?? 0) + megabytes([pid]);
  return { parts, total: Object.values(parts).reduce((sum, value) => sum + value, 0) };
}

function megabytes(pids: readonly number[]): number {
  return Math.round(pids.map(proportional).reduce((sum, value) => sum + value, 0) / 1024);
}

/** Kilobytes; 0 for a process that has ended meanwhile. */
function proportional(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent;
      } catch {
        return false;
      }
    });
}
