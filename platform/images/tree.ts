import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, lstat, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** One entry of a tree, by its path from the root, with `/`. */
export type Entry = { readonly path: string } & (
  | { readonly kind: 'folder' }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'file'; readonly executable: boolean; readonly bytes: number; readonly writtenAt: number }
);

const AT_ONCE = 8;
const SMALL_BYTES = 1024 * 1024;

/** All entries below `root` in order of their paths' code units; links are not followed. Other kinds of files are refused. */
export async function listTree(root: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  const visit = async (folder: string): Promise<void> => {
    const children = await readdir(join(root, folder), { withFileTypes: true });
    await eachOf(children, async (child) => {
      const path = folder === '' ? child.name : `${folder}/${child.name}`;
      if (child.isDirectory()) {
        entries.push({ path, kind: 'folder' });
        await visit(path);
      } else if (child.isSymbolicLink()) entries.push({ path, kind: 'link', target: await readlink(join(root, path)) });
      else if (child.isFile()) {
        const { mode, size, mtimeMs } = await lstat(join(root, path));
        entries.push({ path, kind: 'file', executable: (mode & 0o100) !== 0, bytes: size, writtenAt: mtimeMs });
      } else throw new Error(`${path} is neither a file, a folder nor a link`);
    });
  };
  await visit('');
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Names the content: paths, executable bits, contents and link targets; neither times nor owners. */
export async function digestOf(root: string, entries: readonly Entry[]): Promise<string> {
  const lines = new Array<string>(entries.length);
  await eachOf([...entries.entries()], async ([index, entry]) => {
    lines[index] = JSON.stringify(
      entry.kind === 'folder'
        ? ['folder', entry.path]
        : entry.kind === 'link'
          ? ['link', entry.path, entry.target]
          : ['file', entry.path, entry.executable, await digestOfFile(join(root, entry.path), entry.bytes)],
    );
  });
  return `sha256:${createHash('sha256').update(lines.join('\n')).digest('hex')}`;
}

async function digestOfFile(path: string, bytes: number): Promise<string> {
  const hash = createHash('sha256');
  if (bytes <= SMALL_BYTES) hash.update(await readFile(path));
  else await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Takes the right to write from all but `root` itself, which must still be moved. */
export async function makeReadOnly(root: string, entries: readonly Entry[]): Promise<void> {
  await eachOf(
    entries.filter(({ kind }) => kind === 'file'),
    async (entry) => {
      await chmod(join(root, entry.path), entry.kind === 'file' && entry.executable ? 0o555 : 0o444);
    },
  );
  await eachOf(
    entries.filter(({ kind }) => kind === 'folder'),
    ({ path }) => chmod(join(root, path), 0o555),
  );
}

/** Also when it is read-only, half there, or not there. */
export async function removeTree(root: string): Promise<void> {
  const open = async (folder: string): Promise<void> => {
    await chmod(folder, 0o700);
    const children = await readdir(folder, { withFileTypes: true });
    await eachOf(
      children.filter((child) => child.isDirectory()),
      (child) => open(join(folder, child.name)),
    );
  };
  await open(root).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rm(root, { recursive: true, force: true });
}

async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) await work(items[next++]!);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
}
