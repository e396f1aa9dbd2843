import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/**
 * In life each host has processors of its own, and so have Messenger and its students. Here all share this machine's,
 * and Linux gives each session and each control group the same right to them: all containers of all test hosts together
 * (one group), and the test with its Messenger and Edwin's programs (one session), no more than one server of twenty.
 * These files give each the right of three or four, which leaves the servers what they need to start again.
 */
const weights = [
  { file: '/sys/fs/cgroup/cpu/edwin/cpu.shares', weight: String(4 * 1024) },
  { file: '/sys/fs/cgroup/edwin/cpu.weight', weight: '400' },
  { file: '/proc/self/autogroup', weight: '-5' },
];

/** Returns what takes it back. Where there are no such files, or they may not be written, they stay as they are. */
export function weighUp(): () => void {
  const changed = weights.flatMap(({ file, weight }) => {
    if (!existsSync(file)) return [];
    const before = readFileSync(file, 'utf8');
    return write(file, weight) ? [{ file, before: /nice (-?\d+)/.exec(before)?.[1] ?? before }] : [];
  });
  return () => {
    for (const { file, before } of changed) write(file, before);
  };
}

function write(file: string, text: string): boolean {
  try {
    writeFileSync(file, text);
    return true;
  } catch {
    return false;
  }
}
