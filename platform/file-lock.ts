import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { identify, isRunning, type ProcessIdentity } from './process';

const LOOK_EVERY_MS = 25;

/**
 * Runs `work` while holding the lock that `file` stands for, alone among all processes of this machine. The lock names
 * its holder: one left by a killed process is taken over. `onWait` is called once when somebody else holds it.
 */
export async function withFileLock<T>(
  file: string,
  work: () => Promise<T>,
  onWait: () => void = () => undefined,
): Promise<T> {
  const ticket = `${file}.${randomUUID()}`;
  writeFileSync(ticket, JSON.stringify(identify(process.pid)), { mode: 0o600 });
  try {
    for (let looks = 0; !take(ticket, file); looks++) {
      if (looks === 0) onWait();
      await pause(LOOK_EVERY_MS);
    }
    try {
      return await work();
    } finally {
      rmSync(file, { force: true });
    }
  } finally {
    rmSync(ticket, { force: true });
  }
}

/** A link can be made once and appears with its content, so that nobody ever reads half a lock. */
function take(ticket: string, file: string): boolean {
  try {
    linkSync(ticket, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const holder = holderOf(file);
  if (holder && !isRunning(holder)) setAside(file, `${ticket}.stale`);
  return false;
}

/** Renamed before it is deleted: of two that find the same stale lock only one can move it. */
function setAside(file: string, aside: string): void {
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  const holder = holderOf(aside);
  if (holder && isRunning(holder)) renameSync(aside, file);
  else rmSync(aside, { force: true });
}

function holderOf(file: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
