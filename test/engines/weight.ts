import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/**
 * In life each host has processors of its own. The test hosts share this machine's with every server, and all their
 * containers lie in one control group, which has as much right to them as one program has. As if each container were a
 * program, about.
 */
const TIMES = 8;

/** Where the hosts' control group lies, by version of control groups, and what one program has there. */
const places = [
  { file: '/sys/fs/cgroup/cpu/edwin/cpu.shares', one: 1024 },
  { file: '/sys/fs/cgroup/edwin/cpu.weight', one: 100 },
];

/** Returns what takes it back, and does nothing where there is no such group. */
export function weighHosts(): () => void {
  const found = places.find(({ file }) => existsSync(file));
  if (!found) return () => undefined;
  const before = readFileSync(found.file);
  writeFileSync(found.file, String(TIMES * found.one));
  return () => writeFileSync(found.file, before);
}
