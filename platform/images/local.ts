import { createHash, randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import { EdwinError } from '../errors';
import { withFileLock } from '../file-lock';
import type { Logger } from '../log';
import { identify, isRunning, type ProcessIdentity } from '../process';
import { killGroup } from '../process-group';
import { buildFailure, checkInside } from './build-failure';
import { runCommand } from './command';
import { type Commit, Repository } from './commit';
import type { BuildRequest, Image, Images } from './images';
import { digestOf, type Entry, listTree, makeReadOnly, removeTree } from './tree';

export interface LocalImagesOptions {
  readonly folder: string;
  readonly log: Logger;
  /** What builds see besides `EDWIN_OUTPUT`, `EDWIN_CACHE` and `EDWIN_REPOSITORY`. */
  readonly env: Readonly<Record<string, string>>;
  readonly buildLimitMs?: number;
}

/** What a build made: content belongs to a digest, and any number of builds may have made it. */
interface Build extends Omit<Image, 'builtAt' | 'runsItself'> {
  readonly builtAt: string;
  /** Names commit and recipe: what is equal here is not built again. */
  readonly key: string;
}

const BUILD_LIMIT_MS = 10 * 60_000;

/**
 * Images as folders of this machine:
 *
 *     sha256/<hex>/       the tree, read-only; instances run in it      sha256/<hex>.json   its entries, for `ensure`
 *     builds/<service>/   a file for each build                         cache/<repository>/ EDWIN_CACHE
 *     work/<build>/       checkout and output while it is built         locks/
 *
 * Services built from the same commit by the same command in the same context share one build. `ensure` compares
 * names, kinds, sizes and times of writing with what was recorded, and does not read contents again.
 */
export async function openLocalImages(options: LocalImagesOptions): Promise<Images> {
  const images = new LocalImages(options);
  await images.prepare();
  return images;
}

class LocalImages implements Images {
  private readonly options: LocalImagesOptions;
  private readonly closing = new AbortController();
  private readonly running = new Set<Promise<unknown>>();

  constructor(options: LocalImagesOptions) {
    this.options = options;
  }

  async prepare(): Promise<void> {
    for (const folder of ['sha256', 'builds', 'cache', 'work', 'locks'])
      await mkdir(this.path(folder), { recursive: true });
    for (const name of await readdir(this.path('work'))) await this.clean(this.path('work', name));
  }

  async build(request: BuildRequest, onProgress: (line: string) => void = () => undefined): Promise<Image> {
    const { recipe, service } = request;
    if (recipe.command === undefined)
      throw buildFailure(service, 'the catalog has no build command for it, which local hosts need');
    checkInside(request);
    const repository = new Repository(request.repository, this.options.env);
    const commit = await repository.commit(request.ref);
    const key = shortDigest(commit.id, recipe.command, normalize(recipe.context));
    const work = withFileLock(
      this.path('locks', key),
      async () => {
        const made = (await this.builds()).filter((build) => build.key === key);
        const stored = made.find((build) => build.service === service) ?? made[0];
        if (stored && (await exists(this.tree(stored.digest)))) {
          return stored.service === service ? imageOf(stored) : this.record({ ...stored, service });
        }
        return this.record({ ...(await this.make(request, recipe.command!, repository, commit, onProgress)), key });
      },
      () => onProgress('waiting for another build of this commit'),
    );
    this.running.add(work);
    return work.finally(() => this.running.delete(work));
  }

  private async make(
    request: BuildRequest,
    command: string,
    repository: Repository,
    commit: Commit,
    onProgress: (line: string) => void,
  ): Promise<Omit<Build, 'key'>> {
    const work = this.path('work', randomUUID());
    const cache = this.path('cache', shortDigest(await realpath(request.repository)));
    const [checkout, output] = [join(work, 'checkout'), join(work, 'output')];
    try {
      for (const folder of [checkout, output, cache]) await mkdir(folder, { recursive: true });
      await this.writeOwner(work, undefined);
      await repository.checkOut(commit.id, checkout, join(work, 'index'));
      const folder = join(checkout, request.recipe.context);
      if (!(await exists(folder)))
        throw buildFailure(request.service, `commit ${commit.id.slice(0, 7)} has no folder ${request.recipe.context}`);
      const { failure, lastLines } = await runCommand(command, {
        folder,
        env: { ...this.options.env, EDWIN_OUTPUT: output, EDWIN_CACHE: cache, EDWIN_REPOSITORY: request.repository },
        limitMs: this.options.buildLimitMs ?? BUILD_LIMIT_MS,
        signal: this.closing.signal,
        onLine: onProgress,
        onStarted: (shell) => void this.writeOwner(work, shell).catch(() => undefined),
      });
      if (failure) throw buildFailure(request.service, failure, lastLines);
      const { digest, bytes } = await this.keep(output, request.service, lastLines);
      return {
        service: request.service,
        digest,
        commit: commit.id,
        subject: commit.subject,
        author: commit.author,
        builtAt: new Date().toISOString(),
        bytes,
      };
    } finally {
      await removeTree(work);
    }
  }

  /** Moves the output to where its digest says. The list of entries is written first: a tree without one is not an image. */
  private async keep(
    output: string,
    service: string,
    lastLines: readonly string[],
  ): Promise<{ digest: string; bytes: number }> {
    const entries = await listTree(output).catch((error: Error) => {
      throw buildFailure(service, error.message, lastLines);
    });
    if (!entries.some(({ kind }) => kind !== 'folder'))
      throw buildFailure(service, 'its command left $EDWIN_OUTPUT empty', lastLines);
    const digest = await digestOf(output, entries);
    const bytes = entries.reduce((sum, entry) => sum + (entry.kind === 'file' ? entry.bytes : 0), 0);
    const tree = this.tree(digest);
    await withFileLock(this.path('locks', digest.slice(7)), async () => {
      if (await exists(tree)) return;
      await makeReadOnly(output, entries);
      await writeWhole(`${tree}.json`, entries);
      await rename(output, tree);
      await chmod(tree, 0o555);
    });
    return { digest, bytes };
  }

  async get(digest: string): Promise<Image | undefined> {
    const build = (await this.builds()).find((each) => each.digest === digest);
    return build && (await exists(this.tree(digest))) ? imageOf(build) : undefined;
  }

  async list(service: string): Promise<Image[]> {
    const found: Image[] = [];
    for (const build of await this.builds(service))
      if (await exists(this.tree(build.digest))) found.push(imageOf(build));
    return found;
  }

  async ensure(digest: string, host: string): Promise<void> {
    const recorded = await readJson<Entry[]>(`${this.tree(digest)}.json`);
    const there = await listTree(this.tree(digest)).catch(() => undefined);
    if (!there) throw new EdwinError('images.missing', `${host} has no image ${digest}.`);
    const folder = this.tree(digest);
    const named = (entries: readonly Entry[]) => new Set(entries.map((entry) => JSON.stringify(entry)));
    const [wanted, found] = [named(recorded ?? []), named(there)];
    const wrong =
      there.find((entry) => !wanted.has(JSON.stringify(entry))) ??
      recorded?.find((entry) => !found.has(JSON.stringify(entry)));
    if (wrong)
      throw new EdwinError('images.damaged', `Image ${digest} on ${host} was changed: ${wrong.path} in ${folder}.`);
  }

  async remove(digest: string): Promise<void> {
    for (const build of await this.builds())
      if (build.digest === digest) await rm(this.recordPath(build), { force: true });
    if (!/^sha256:[0-9a-f]{64}$/.test(digest)) return;
    await removeTree(this.tree(digest));
    await rm(`${this.tree(digest)}.json`, { force: true });
  }

  async close(): Promise<void> {
    this.closing.abort();
    await Promise.allSettled(this.running);
  }

  private async record(build: Build): Promise<Image> {
    await mkdir(this.path('builds', build.service), { recursive: true });
    await writeWhole(this.recordPath(build), build);
    this.options.log.info(
      { event: 'image.built', service: build.service, image: build.digest, commit: build.commit },
      `${build.service} is built from ${build.commit.slice(0, 7)}`,
    );
    return imageOf(build);
  }

  /** Newest first. */
  private async builds(service?: string): Promise<Build[]> {
    const services = service === undefined ? await readdir(this.path('builds')) : [service];
    const found: Build[] = [];
    for (const name of services) {
      for (const file of await readdir(this.path('builds', name)).catch(() => [])) {
        const build = file.endsWith('.json') ? await readJson<Build>(this.path('builds', name, file)) : undefined;
        if (build) found.push(build);
      }
    }
    return found.sort((a, b) => b.builtAt.localeCompare(a.builtAt));
  }

  /** Removes what a killed process left of a build, with the build's processes if they still run. */
  private async clean(work: string): Promise<void> {
    const owner = await readJson<{ builder?: ProcessIdentity; shell?: ProcessIdentity }>(join(work, 'owner.json'));
    if (owner?.builder && isRunning(owner.builder)) return;
    if (owner?.shell && (identify(owner.shell.pid)?.start ?? owner.shell.start) === owner.shell.start) {
      await killGroup(owner.shell.pid);
    }
    await removeTree(work);
  }

  private writeOwner(work: string, shell: ProcessIdentity | undefined): Promise<void> {
    return writeWhole(join(work, 'owner.json'), { builder: identify(process.pid), shell });
  }

  private recordPath({ service, key }: Build): string {
    return this.path('builds', service, `${key}.json`);
  }

  private tree(digest: string): string {
    return this.path('sha256', digest.replace(/^sha256:/, ''));
  }

  private path(...names: string[]): string {
    return join(this.options.folder, ...names);
  }
}

function imageOf({ key: _, builtAt, ...build }: Build): Image {
  return { ...build, builtAt: new Date(builtAt), runsItself: false };
}

function shortDigest(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 24);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

async function writeWhole(path: string, content: unknown): Promise<void> {
  const fresh = `${path}.${randomUUID()}`;
  await writeFile(fresh, JSON.stringify(content));
  await rename(fresh, path);
}
