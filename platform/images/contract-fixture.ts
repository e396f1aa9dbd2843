import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { BuildRecipe, Images } from './images';

export interface ImagesFixture {
  /** What the server says of itself; of local builds, the tool they come from. */
  readonly version: string;
  open(): Promise<Images>;
  readonly host: string;
  /**
   * Files to commit and the recipe that makes an image of `files`: all of them, as they are. With `fails` the build
   * writes that line, then fails; with `waits` it writes "halfway" and does not end.
   */
  project(
    files: Readonly<Record<string, string>>,
    more?: { readonly fails?: string; readonly waits?: boolean },
  ): {
    readonly files: Readonly<Record<string, string>>;
    readonly recipe: BuildRecipe;
  };
  /** Names an image's files alone, where its digest also names what it says of itself. */
  contentOf?(digest: string): Promise<string>;
  close(): Promise<void>;
}

/** The server that keeps images, and what can be done to it. */
export interface ImagesServer {
  /** `host:port`, as errors have to name it. */
  readonly where: string;
  /** Password that no error may show. */
  readonly secret: string;
  /** `kill -9`. */
  crash(): Promise<void>;
  up(): Promise<void>;
  /** It keeps its connections and takes new ones, and answers nothing. */
  pause(): void;
  resume(): void;
  /** With a wrong password. */
  openRefused(): Promise<Images>;
  /** Like `ImagesFixture.project`, but large enough that a push or pull takes a while. */
  large(): ReturnType<ImagesFixture['project']>;
  /** Resolves while a push has begun and is not done. */
  pushing(): Promise<unknown>;
  /** Takes the image from the host, so that it has to be pulled again. */
  forget(digest: string): Promise<void>;
}

export interface TestRepository {
  readonly folder: string;
  /** Writes the files and commits all; gives the commit's id. */
  commit(files: Readonly<Record<string, string>>, subject?: string): string;
  write(files: Readonly<Record<string, string>>): void;
  git(...args: string[]): string;
  remove(): void;
}

export function createRepository(): TestRepository {
  const folder = mkdtempSync(join(tmpdir(), 'edwin-repository-'));
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...args], {
      encoding: 'utf8',
    }).trim();
  const write = (files: Readonly<Record<string, string>>): void => {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
      if (name.endsWith('.sh')) chmodSync(join(folder, name), 0o755);
    }
  };
  git('init', '-q', '-b', 'main');
  return {
    folder,
    git,
    write,
    commit: (files, subject = 'A change') => {
      write(files);
      git('add', '--all');
      git('commit', '-q', '--allow-empty', '-m', subject);
      return git('rev-parse', 'HEAD');
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
