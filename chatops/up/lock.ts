import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EdwinError } from '../../platform/errors';
import { identify, isRunning, type ProcessIdentity } from '../../platform/process';

/**
 * One `up` for a data folder, or one for each program that is started alone. The lock names its holder, so that one left by a killed process is taken over.
 * @throws `start.already-running`
 */
export function takeLock(folder: string, program?: string): { release(): void } {
  const file = join(folder, program === undefined ? 'lock' : `lock-${program}`);
  const own = identify(process.pid);
  for (;;) {
    try {
      writeFileSync(file, JSON.stringify(own), { flag: 'wx', mode: 0o600 });
      return { release: () => rmSync(file, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const holder = readHolder(file);
      if (holder && isRunning(holder))
        throw new EdwinError('start.already-running', `Edwin already runs on ${folder} (process ${holder.pid}).`);
      setAside(file);
    }
  }
}

function readHolder(file: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined; // gone, or half written by a process that was killed
  }
}

/** Renamed before it is deleted: of two that find the same stale lock only one can move it. */
function setAside(file: string): void {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  const holder = readHolder(aside);
  if (holder && isRunning(holder)) renameSync(aside, file);
  else rmSync(aside, { force: true });
}
