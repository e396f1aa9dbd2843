import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import dockerignore from '@balena/dockerignore';
import { extract, type Headers, pack } from 'tar-stream';
import type { Repository } from './commit';
import type { BuildRecipe } from './images';

/** What an engine gets to build from. */
export interface BuildContext {
  /** Path of the Dockerfile in it. */
  readonly dockerfile: string;
  /** A fresh tar stream of it. */
  open(): Readable;
}

/**
 * The files of a commit below the recipe's context, without those that `.dockerignore` (or `<Dockerfile>.dockerignore`)
 * names: engines leave nothing out themselves. Undefined when the commit has no such Dockerfile.
 */
export async function openBuildContext(
  repository: Repository,
  commit: string,
  recipe: BuildRecipe,
): Promise<BuildContext | undefined> {
  const folder = posix.normalize(recipe.context).replace(/\/$/, '');
  const dockerfile = posix.normalize(recipe.dockerfile ?? 'Dockerfile');
  const read = (path: string) => repository.read(commit, posix.join(folder, path));
  if ((await read(dockerfile)) === undefined) return undefined;
  const rules = (await read(`${dockerfile}.dockerignore`)) ?? (await read('.dockerignore')) ?? '';
  const ignore = dockerignore().add(rules.split(/\r?\n/));
  const prefix = folder === '.' ? '' : `${folder}/`;
  const wanted = (path: string) => path === dockerfile || !ignore.ignores(path);
  return { dockerfile, open: () => sift(repository.archive(commit, folder), prefix, wanted) };
}

/** Entries below `prefix` that are wanted, by their paths from there. */
function sift(archive: Readable, prefix: string, wanted: (path: string) => boolean): Readable {
  const kept = pack();
  const entries = extract();
  entries.on('entry', (header: Headers, content, next) => {
    const path = header.name.startsWith(prefix) ? header.name.slice(prefix.length).replace(/\/$/, '') : '';
    if (path === '' || !wanted(path)) {
      content.on('end', next).resume();
      return;
    }
    const entry = kept.entry({ ...header, name: path }, (error) => next(error));
    if (header.type === 'file') content.pipe(entry);
    else content.resume();
  });
  pipeline(archive, entries).then(
    () => kept.finalize(),
    (error: Error) => kept.destroy(error),
  );
  return kept;
}
