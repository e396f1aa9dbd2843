import { buffer } from 'node:stream/consumers';
import { extract } from 'tar-stream';
import { openBuildContext } from './build-context';
import { Repository } from './commit';
import { createRepository, type TestRepository } from './contract-fixture';

describe('a build context', () => {
  let repository: TestRepository;
  beforeEach(() => {
    repository = createRepository();
  });
  afterEach(() => repository.remove());

  /** Path → type, mode and time of each entry. */
  async function entriesOf(dockerfile: string, context = '.') {
    const commits = new Repository(repository.folder, { PATH: process.env['PATH'] ?? '' });
    const recipe = { command: undefined, target: undefined, dockerfile, context };
    const found = await openBuildContext(commits, repository.git('rev-parse', 'HEAD'), recipe);
    if (found === undefined) return undefined;
    const entries: Record<string, { content: string; mode: number; at: number; type: string }> = {};
    const reader = extract();
    reader.on('entry', (header, stream, next) => {
      buffer(stream).then((content) => {
        const [mode, at, type] = [header.mode ?? 0, header.mtime?.getTime() ?? 0, header.type ?? ''];
        entries[header.name] = { content: content.toString(), mode, at, type };
        next();
      }, next);
    });
    await new Promise((resolve, reject) => found.open().pipe(reader).once('finish', resolve).once('error', reject));
    return entries;
  }

  test('holds the commit’s files, dated by it, with their modes, and nothing uncommitted', async () => {
    repository.commit({ Dockerfile: 'FROM scratch', 'bin/run.sh': 'echo', [`${'long/'.repeat(30)}a.txt`]: 'deep' });
    repository.write({ 'bin/run.sh': 'changed', 'new.txt': 'new' });
    const entries = await entriesOf('Dockerfile');
    const at = Number(repository.git('log', '-1', '--format=%ct')) * 1_000;
    expect(entries).toMatchObject({
      Dockerfile: { content: 'FROM scratch', at },
      'bin/run.sh': { content: 'echo', at },
      [`${'long/'.repeat(30)}a.txt`]: { content: 'deep', at },
    });
    expect(entries!['bin/run.sh']!.mode & 0o111).not.toBe(0);
    expect(entries).not.toHaveProperty(['new.txt']);
  });

  test('begins at the recipe’s folder', async () => {
    repository.commit({ 'a.txt': 'out', 'app/b.txt': 'in', 'app/docker/File': 'FROM scratch' });
    expect(Object.keys((await entriesOf('docker/File', 'app/'))!).sort()).toEqual(['b.txt', 'docker', 'docker/File']);
  });

  test('leaves out what .dockerignore names, as Docker’s own command does', async () => {
    repository.commit({
      '.dockerignore': '*\n!src\n**/*.test.ts\n# a comment\n',
      Dockerfile: 'FROM scratch',
      'secret.txt': 's',
      'src/a.ts': 'a',
      'src/a.test.ts': 't',
    });
    const names = Object.keys((await entriesOf('Dockerfile'))!).sort();
    expect(names).toEqual(['Dockerfile', 'src', 'src/a.ts']);
  });

  test('a Dockerfile’s own list of what is left out comes first', async () => {
    repository.commit({
      '.dockerignore': 'a.txt',
      'Other.dockerignore': 'b.txt',
      Other: 'FROM scratch',
      'a.txt': '',
      'b.txt': '',
    });
    const names = Object.keys((await entriesOf('Other'))!);
    expect(names).toContain('a.txt');
    expect(names).not.toContain('b.txt');
  });

  test('is none without the Dockerfile', async () => {
    repository.commit({ 'a.txt': '1' });
    expect(await entriesOf('Dockerfile')).toBeUndefined();
    expect(await entriesOf('Dockerfile', 'nowhere')).toBeUndefined();
  });
});
