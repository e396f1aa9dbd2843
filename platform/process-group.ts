import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const KILL_LOOKS = 250;
const KILL_LOOK_MS = 10;

/** Ids of the processes of a group that still run; ended ones that nobody collected do not count. */
export function groupMembers(group: number): number[] {
  if (!signal(-group, 0)) return [];
  if (process.platform !== 'linux')
    return listByPs(['-axo', 'pid=,pgid=,stat='])
      .filter(inGroup(group))
      .map(([pid]) => Number(pid));
  return processIds().filter((pid) => {
    const stat = read(`/proc/${pid}/stat`);
    const [state, , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(pgrp) === group && state !== 'Z' && state !== 'X';
  });
}

/** Kills a group; resolves when it is gone, or after some seconds when the system keeps it. */
export async function killGroup(group: number): Promise<void> {
  for (let looks = 0; looks < KILL_LOOKS; looks++) {
    const members = groupMembers(group);
    if (members.length === 0) return;
    for (const pid of members) signal(pid, 'SIGKILL');
    await pause(KILL_LOOK_MS);
  }
}

/** Ids of the processes of this user that carry `name=value` in the environment they were started with. */
export function processesWith(name: string, value: string): number[] {
  const wanted = `${name}=${value}`;
  if (process.platform !== 'linux') {
    return listByPs(['-axEww', '-o', 'pid=,command='])
      .filter((words) => words.includes(wanted))
      .map(([pid]) => Number(pid));
  }
  return processIds().filter((pid) => read(`/proc/${pid}/environ`).split('\0').includes(wanted));
}

/** False when there is no such process (or, for a negative id, no such group). */
export function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function processIds(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0);
}

/** Empty when the process has gone or belongs to someone else. */
function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

function listByPs(options: string[]): string[][] {
  const { stdout } = spawnSync('ps', options, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  return (stdout ?? '').split('\n').map((line) => line.trim().split(/\s+/));
}

function inGroup(group: number): (words: readonly string[]) => boolean {
  return ([, pgid, stat]) => Number(pgid) === group && !stat?.startsWith('Z');
}
