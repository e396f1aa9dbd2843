import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** A way to run a program that refuses to run as root: words before its command, and who then owns its files. */
export interface Runner {
  readonly prefix: readonly string[];
  readonly owner: number;
  /** For where nothing but a change of user is possible. */
  readonly spawnAs: { readonly uid?: number; readonly gid?: number };
}

const NOBODY = 65534;

/**
 * PostgreSQL refuses to run as root. As root it runs, in this order of preference: in a user namespace, where root's
 * files stay root's and no folder must be opened up; as another user with the one right to pass closed folders; as
 * another user. That user is the owner of files that are already there, else `nobody`.
 */
export function unprivileged(folder: string, program: string): Runner {
  if (process.getuid?.() !== 0) return { prefix: [], owner: process.getuid?.() ?? 0, spawnAs: {} };
  const present = existsSync(folder) ? lstatSync(folder).uid : 0;
  const namespace: Runner = {
    prefix: ['unshare', '--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`],
    owner: 0,
    spawnAs: {},
  };
  if (present === 0 && works(namespace, program)) return namespace;
  const owner = present === 0 ? NOBODY : present;
  const user = [`--reuid=${owner}`, `--regid=${owner}`, '--clear-groups'];
  const passing: Runner = {
    prefix: ['setpriv', ...user, '--inh-caps=+dac_override', '--ambient-caps=+dac_override'],
    owner,
    spawnAs: {},
  };
  return works(passing, program) ? passing : { prefix: [], owner, spawnAs: { uid: owner, gid: owner } };
}

function works({ prefix, spawnAs }: Runner, program: string): boolean {
  const [command = program, ...args] = [...prefix, '/bin/sh', '-c', 'true'];
  return spawnSync(command, args, { stdio: 'ignore', ...spawnAs }).status === 0;
}

/** Gives a file, or a folder and all in it, to `owner`, where it is not theirs yet. */
export function give(at: string, owner: number): void {
  if (process.getuid?.() !== 0 || !existsSync(at) || lstatSync(at).uid === owner) return;
  for (const entry of lstatSync(at).isDirectory() ? readdirSync(at, { recursive: true, encoding: 'utf8' }) : []) {
    const path = join(at, entry);
    if (!lstatSync(path).isSymbolicLink()) chownSync(path, owner, owner);
  }
  chownSync(at, owner, owner);
}
