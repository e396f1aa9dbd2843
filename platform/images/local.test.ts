import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { until } from '../../test/until';
import { silent } from '../log';
import { identify } from '../process';
import { imagesContract } from './contract';
import { createRepository, type ImagesFixture, type TestRepository } from './contract-fixture';
import type { Images } from './images';
import { openLocalImages } from './local';
import { openImages } from './open';

const recipeOf = (command: string | undefined, context = '.') => ({
  command,
  context,
  dockerfile: undefined,
  target: undefined,
});

const prepareLocal = async (): Promise<ImagesFixture> => {
  const data = mkdtempSync(join(tmpdir(), 'edwin-images-'));
  return {
    version: execFileSync('git', ['--version'], { encoding: 'utf8' }).trim(),
    open: () => openImages('local:', { data, log: silent }),
    host: 'local',
    project: (files, { fails, waits } = {}) => ({
      files,
      recipe: recipeOf(
        fails ? `echo '${fails}'; exit 3` : waits ? 'echo halfway; sleep 600' : 'cp -R . "$EDWIN_OUTPUT"',
      ),
    }),
    close: async () => rmSync(data, { recursive: true, force: true }),
  };
};
const folders = 'images are folders of this machine: there is no server';
imagesContract('local', prepareLocal, {
  meaningless: {
    redelivery: 'a build and a pull are calls, not messages; repeated ones are duplicates',
    'back-pressure': 'nothing is queued: whoever asks waits for the own build',
    unreachable: folders,
    'lost and back': folders,
    paused: folders,
    'wrong credentials': folders,
    'another environment': 'an image belongs to all environments: what is promoted is the same digest',
  },
});

describe('local images', () => {
  let data: string;
  let repository: TestRepository;
  let images: Images;
  const folder = () => join(data, 'images');
  const open = (more: { buildLimitMs?: number } = {}) =>
    openLocalImages({ folder: folder(), log: silent, env: { PATH: process.env['PATH'] ?? '', HOME: data }, ...more });
  const build = (
    command: string | undefined,
    more: { service?: string; context?: string; onLine?: (line: string) => void } = {},
  ) =>
    images.build(
      {
        service: more.service ?? 'web',
        repository: repository.folder,
        ref: 'HEAD',
        recipe: recipeOf(command, more.context),
      },
      more.onLine,
    );
  const fileOf = (digest: string, path: string) => join(folder(), ...digest.split(':'), path);

  beforeEach(async () => {
    data = mkdtempSync(join(tmpdir(), 'edwin-images-'));
    repository = createRepository();
    repository.commit({ 'app/run.sh': 'echo hello', 'app/a.txt': 'one', 'b.txt': 'two' });
    images = await open();
  });
  afterEach(() => {
    repository.remove();
    rmSync(data, { recursive: true, force: true });
  });

  test('the command sees the whole commit, stands in the context, and knows only what it needs', async () => {
    const { digest } = await build(
      'cat ../b.txt > "$EDWIN_OUTPUT/b" && env > "$EDWIN_OUTPUT/env" && pwd > "$EDWIN_OUTPUT/pwd"',
      { context: 'app' },
    );
    expect(readFileSync(fileOf(digest, 'b'), 'utf8')).toBe('two');
    expect(readFileSync(fileOf(digest, 'pwd'), 'utf8').trim()).toMatch(/\/checkout\/app$/);
    const names = readFileSync(fileOf(digest, 'env'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0]);
    expect(names.filter((name) => !['_', 'SHLVL', 'OLDPWD'].includes(name!)).sort()).toEqual([
      'EDWIN_CACHE',
      'EDWIN_OUTPUT',
      'EDWIN_REPOSITORY',
      'HOME',
      'PATH',
      'PWD',
    ]);
  });

  test('the tree is read-only and keeps executable bits and links', async () => {
    const { digest } = await build(
      'cp -R app "$EDWIN_OUTPUT/" && ln -s app/a.txt "$EDWIN_OUTPUT/link" && mkdir "$EDWIN_OUTPUT/empty"',
    );
    const modes = ['', 'app', 'app/run.sh', 'app/a.txt', 'empty'].map((path) =>
      (statSync(fileOf(digest, path)).mode & 0o777).toString(8),
    );
    expect(modes).toEqual(['555', '555', '555', '444', '555']);
    expect(readFileSync(fileOf(digest, 'link'), 'utf8')).toBe('one');
  });

  test.each([
    ['an executable bit', 'chmod +x "$EDWIN_OUTPUT/a.txt"'],
    ['a link', 'ln -s a.txt "$EDWIN_OUTPUT/link"'],
    ['where a link leads', 'ln -s b.txt "$EDWIN_OUTPUT/link"'],
    ['a name', 'mv "$EDWIN_OUTPUT/a.txt" "$EDWIN_OUTPUT/c.txt"'],
    ['a content', 'echo 1 >> "$EDWIN_OUTPUT/a.txt"'],
    ['an empty folder', 'mkdir "$EDWIN_OUTPUT/empty"'],
  ])('the digest depends on %s', async (_, change) => {
    const plain = await build('cp app/a.txt "$EDWIN_OUTPUT/"');
    const changed = await build(`cp app/a.txt "$EDWIN_OUTPUT/" && ${change}`);
    expect(changed.digest).not.toBe(plain.digest);
  });

  test('the digest does not depend on times', async () => {
    const now = await build('cp app/a.txt "$EDWIN_OUTPUT/"');
    const long = await build('cp app/a.txt "$EDWIN_OUTPUT/" && touch -t 202001010000 "$EDWIN_OUTPUT/a.txt"');
    expect(long.digest).toBe(now.digest);
  });

  test('a commit is built once, also when several ask at once, for several services', async () => {
    const command = `echo run >> ${data}/runs && sleep 0.2 && cp b.txt "$EDWIN_OUTPUT/"`;
    const other = await open();
    const request = { service: 'web', repository: repository.folder, ref: 'main', recipe: recipeOf(command) };
    const made = await Promise.all([
      images.build(request),
      images.build(request),
      other.build(request),
      build(command, { service: 'jobs' }),
    ]);
    made.push(await images.build(request));
    expect(new Set(made.map(({ digest }) => digest)).size).toBe(1);
    expect(readFileSync(join(data, 'runs'), 'utf8')).toBe('run\n');
    expect((await images.list('jobs')).map(({ service, digest }) => [service, digest])).toEqual([
      ['jobs', made[0]!.digest],
    ]);
  });

  test('another command on the same commit is another build', async () => {
    const first = await build('cp b.txt "$EDWIN_OUTPUT/"');
    const second = await build('cp app/a.txt "$EDWIN_OUTPUT/"');
    expect(second.digest).not.toBe(first.digest);
    expect((await images.list('web')).map(({ digest }) => digest)).toEqual([second.digest, first.digest]);
  });

  test('the cache stays between builds', async () => {
    await build('date > "$EDWIN_CACHE/kept" && cp b.txt "$EDWIN_OUTPUT/"');
    const { digest } = await build('cp "$EDWIN_CACHE/kept" "$EDWIN_OUTPUT/"', { service: 'jobs' });
    expect(existsSync(fileOf(digest, 'kept'))).toBe(true);
  });

  test.each([
    ['no command', undefined, '.', /no build command/],
    ['an empty output', 'mkdir "$EDWIN_OUTPUT/sub"', '.', /left \$EDWIN_OUTPUT empty/],
    ['a failing command', 'echo one; echo two >&2; exit 7', '.', /status 7.*\none\ntwo/s],
    ['a context outside', 'true', '../..', /not inside the repository/],
    ['a context that is not there', 'true', 'nowhere', /no folder nowhere/],
    ['an output that is no file', 'mkfifo "$EDWIN_OUTPUT/pipe"', '.', /pipe is neither/],
  ])('refuses %s', async (_, command, context, message) => {
    await expect(build(command, { context })).rejects.toMatchObject({
      code: 'images.build-failed',
      message: expect.stringMatching(message),
    });
    expect(await images.list('web')).toEqual([]);
    expect(readdirSync(join(folder(), 'work'))).toEqual([]);
  });

  test('a build that takes too long is ended with all it started', async () => {
    images = await open({ buildLimitMs: 200 });
    const lines: string[] = [];
    await expect(build('sleep 60 & echo $!; wait', { onLine: (line) => lines.push(line) })).rejects.toThrow(
      /took longer/,
    );
    await until(() => identify(Number(lines[0])) === undefined, { what: 'the sleeper is gone' });
  });

  test('what a successful build leaves running is ended', async () => {
    const lines: string[] = [];
    await build('sleep 60 & echo $!; cp b.txt "$EDWIN_OUTPUT/"', { onLine: (line) => lines.push(line) });
    await until(() => identify(Number(lines[0])) === undefined, { what: 'the sleeper is gone' });
  });

  test('what a killed builder left is cleaned at the next opening, its command ended, and the build is made', async () => {
    const script = `
      const { openLocalImages } = require('./platform/images/local.ts');
      const { silent } = require('./platform/log.ts');
      openLocalImages({ folder: process.env.FOLDER, log: silent, env: process.env }).then((images) =>
        images.build({ service: 'web', repository: process.env.REPOSITORY, ref: 'main', recipe: { command: 'test -e $HOME/second || { echo $$ > $HOME/pid; sleep 60; }; cp b.txt $EDWIN_OUTPUT', context: '.' } }));`;
    const env = { PATH: process.env['PATH'], HOME: data, FOLDER: folder(), REPOSITORY: repository.folder };
    const builder = spawn(process.execPath, ['-r', './test/typescript.js', '-e', script], {
      cwd: resolve(__dirname, '../..'),
      env,
    });
    const shell = await until(
      () => (existsSync(join(data, 'pid')) ? Number(readFileSync(join(data, 'pid'), 'utf8')) : undefined),
      {
        what: 'the command runs',
      },
    );
    const [work] = readdirSync(join(folder(), 'work'));
    await until(() => readFileSync(join(folder(), 'work', work!, 'owner.json'), 'utf8').includes('"shell":{'), {
      what: 'the owner is recorded',
    });
    builder.kill('SIGKILL');
    await new Promise((done) => builder.once('exit', done));
    images = await open();
    expect(readdirSync(join(folder(), 'work'))).toEqual([]);
    expect(identify(shell)).toBeUndefined();
    writeFileSync(join(data, 'second'), '');
    await build('test -e $HOME/second || { echo $$ > $HOME/pid; sleep 60; }; cp b.txt $EDWIN_OUTPUT');
  });

  test.each([
    ['changed', (file: string) => writeFileSync(file, 'ONE')],
    ['removed', (file: string) => rmSync(file)],
    ['touched', (file: string) => utimesSync(file, new Date(0), new Date(0))],
    ['joined by another', (file: string) => writeFileSync(`${file}.more`, '')],
  ])('ensure finds a file that was %s, and building after removal repairs it', async (_, damage) => {
    const { digest } = await build('cp app/a.txt "$EDWIN_OUTPUT/"');
    chmodSync(fileOf(digest, ''), 0o755);
    chmodSync(fileOf(digest, 'a.txt'), 0o644);
    damage(fileOf(digest, 'a.txt'));
    await expect(images.ensure(digest, 'local')).rejects.toMatchObject({
      code: 'images.damaged',
      message: expect.stringContaining(fileOf(digest, '').replace(/\/$/, '')),
    });
    rmSync(fileOf(digest, ''), { recursive: true });
    await expect(images.ensure(digest, 'local')).rejects.toMatchObject({ code: 'images.missing' });
    expect((await build('cp app/a.txt "$EDWIN_OUTPUT/"')).digest).toBe(digest);
    await images.ensure(digest, 'local');
  });

  test('only local addresses open', async () => {
    await expect(openImages('oci://registry', { data, log: silent })).rejects.toMatchObject({ code: 'config.invalid' });
  });
});
