import { execFile } from 'node:child_process';
import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';
import { snapshotOf } from '../catalog';
import { parseCatalog } from '../catalog-file';
import { EdwinError } from '../errors';
import type { Image } from '../images/images';
import type { Release } from './fleet';
import type { FleetParts } from './parts';

const run = promisify(execFile);

/**
 * Builds a commit and makes a release of it. Recipe and snapshot come from the catalog as it stands at the commit, so
 * that a release is the same whoever builds it, and whatever was edited since.
 */
export async function buildRelease(
  parts: FleetParts,
  { service, ref = 'HEAD', requestedBy }: { service: string; ref: string | undefined; requestedBy: string },
  onProgress: (line: string) => void,
): Promise<{ release: Release; image: Image; created: boolean }> {
  const folder = dirname(parts.catalogPath);
  const commit = await resolveCommit(parts, folder, ref);
  const file = basename(parts.catalogPath);
  const catalog = parseCatalog(await readAt(parts, folder, commit, file), `${file}@${commit.slice(0, 9)}`);
  const entry = catalog.services[service];
  if (entry === undefined)
    throw new EdwinError('fleet.unknown-service', `${file} has no service ${service} at commit ${commit.slice(0, 9)}.`);
  const { command, dockerfile, target, context } = entry.build;
  const recipe = { command, dockerfile, target, context };
  const image = await parts.images.build({ service, repository: folder, ref: commit, recipe }, onProgress);
  const versions = Object.fromEntries(catalog.environments.map((name) => [name, parts.secrets.versions(name)]));
  const snapshot = snapshotOf(catalog, service, versions);
  const started = image.runsItself ? { ...snapshot, run: undefined } : snapshot;
  const made = await parts.releases.create(image, started, requestedBy);
  if (made.created)
    parts.log.info(
      { event: 'release.created', service, release: made.release.number, commit },
      `Release ${made.release.number} of ${service}`,
    );
  return { ...made, image };
}

async function resolveCommit(parts: FleetParts, folder: string, ref: string): Promise<string> {
  try {
    const { stdout } = await git(parts, folder, [
      'rev-parse',
      '--verify',
      '--quiet',
      '--end-of-options',
      `${ref}^{commit}`,
    ]);
    return stdout.trim();
  } catch (error) {
    if (/not a git repository/i.test(String(error)))
      throw new EdwinError('images.not-a-repository', `${folder} is not in a git repository.`, { cause: error });
    throw new EdwinError('images.unknown-ref', `The repository has no commit ${ref}.`, { cause: error });
  }
}

async function readAt(parts: FleetParts, folder: string, commit: string, file: string): Promise<string> {
  try {
    return (await git(parts, folder, ['show', `${commit}:./${file}`])).stdout;
  } catch (error) {
    throw new EdwinError('catalog.missing', `Commit ${commit.slice(0, 9)} has no ${file}: commit it first.`, {
      cause: error,
    });
  }
}

/** Whoever owns the repository: it was named on purpose, and only objects are read. */
function git(parts: FleetParts, folder: string, args: readonly string[]): Promise<{ stdout: string }> {
  const env = { PATH: parts.outerEnv['PATH'], GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' };
  return run('git', ['-C', folder, '-c', 'safe.directory=*', ...args], { env, maxBuffer: 16 * 1024 * 1024 });
}
