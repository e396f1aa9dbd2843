import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { EdwinError } from '../errors';

export interface Commit {
  readonly id: string;
  readonly subject: string;
  readonly author: string;
}

/**
 * Reads commits of a repository and never its working tree, index or hooks.
 * @throws `images.not-a-repository`, `images.unknown-ref`
 */
export class Repository {
  private readonly folder: string;
  private readonly env: Readonly<Record<string, string>>;

  constructor(folder: string, env: Readonly<Record<string, string>>) {
    this.folder = folder;
    this.env = env;
  }

  async commit(ref: string): Promise<Commit> {
    const unknown = new EdwinError('images.unknown-ref', `${this.folder} has no commit ${ref}.`);
    if (ref.startsWith('-')) throw unknown; // git would take it for an option
    const format = '--format=%H%x00%an%x00%s';
    const { status, stdout, stderr } = await this.git([
      'log',
      '-1',
      '--no-show-signature',
      format,
      `${ref}^{commit}`,
      '--',
    ]);
    const [id, author, subject] = stdout.trim().split('\0');
    if (status === 0 && id) return { id, author: author ?? '', subject: subject ?? '' };
    if (/not a git repository|cannot change to|ENOENT/i.test(stderr)) {
      throw new EdwinError('images.not-a-repository', `${this.folder} is not a git repository.`);
    }
    if (
      /does not have any commits|bad revision|unknown revision|bad object|ambiguous|needed a single/i.test(stderr) ||
      status === 0
    ) {
      throw unknown;
    }
    throw new EdwinError('images.not-a-repository', `git can not read ${this.folder}: ${stderr.trim()}`);
  }

  /** Writes all files of the commit into an empty folder; `index` is a file that git needs meanwhile. */
  async checkOut(commit: string, folder: string, index: string): Promise<void> {
    const tree = ['--work-tree', folder];
    for (const args of [
      [...tree, 'read-tree', commit],
      [...tree, 'checkout-index', '--all', '--force', '--quiet'],
    ]) {
      const { status, stderr } = await this.git(args, { GIT_INDEX_FILE: index });
      if (status !== 0)
        throw new EdwinError('images.build-failed', `Commit ${commit} can not be checked out: ${stderr.trim()}`);
    }
  }

  /** Content of a file of the commit, if it has it. */
  async read(commit: string, path: string): Promise<string | undefined> {
    const { status, stdout } = await this.git(['cat-file', 'blob', `${commit}:${path}`]);
    return status === 0 ? stdout : undefined;
  }

  /** The commit's files below `folder` as a tar stream, dated by the commit, as `.gitattributes` says for archives. */
  archive(commit: string, folder: string): Readable {
    const child = this.spawn(['archive', '--format=tar', commit, ...(folder === '.' ? [] : ['--', folder])]);
    let stderr = '';
    child.stderr.on('data', (data) => (stderr += data));
    child.once('error', (error) => child.stdout.destroy(error));
    child.once('close', (code) => {
      if (code !== 0) child.stdout.destroy(new Error(`git archive failed: ${stderr.trim()}`));
    });
    return child.stdout;
  }

  private git(
    args: readonly string[],
    more: Readonly<Record<string, string>> = {},
  ): Promise<{ status: number; stdout: string; stderr: string }> {
    return new Promise((resolve, reject) => {
      const child = this.spawn(args, more);
      let [stdout, stderr] = ['', ''];
      child.stdout.on('data', (data) => (stdout += data));
      child.stderr.on('data', (data) => (stderr += data));
      child.once('error', (error) =>
        reject(new EdwinError('images.build-failed', `git can not be run: ${error.message}.`, { cause: error })),
      );
      child.once('close', (code) => resolve({ status: code ?? 1, stdout, stderr }));
    });
  }

  private spawn(
    args: readonly string[],
    more: Readonly<Record<string, string>> = {},
  ): ChildProcessByStdio<null, Readable, Readable> {
    // The caller has named this repository, so whose it is does not matter: a build machine often is not its owner.
    const trust = ['-c', 'safe.directory=*', '-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null'];
    const env = { ...this.env, GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C', ...more };
    return spawn('git', ['-C', this.folder, ...trust, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  }
}
