import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Column, exercised, promised, promisesOf } from '../../test/contract';
import { until } from '../../test/until';
import { imagesFaults } from './contract-faults';
import { createRepository, type ImagesFixture, type ImagesServer, type TestRepository } from './contract-fixture';
import type { Image, Images } from './images';

export interface ImagesContractOptions {
  readonly meaningless: Partial<Record<Column, string>>;
  /** Where images are kept, if that is a server. */
  readonly server?: () => ImagesServer;
}

export function imagesContract(
  name: string,
  prepare: () => Promise<ImagesFixture>,
  { meaningless, server }: ImagesContractOptions,
): void {
  describe(promisesOf('images', name), () => {
    let fixture: ImagesFixture;
    let images: Images;
    let repository: TestRepository;

    beforeAll(async () => {
      fixture = await prepare();
      images = await fixture.open();
      exercised({ port: 'images', adapter: name, version: fixture.version, meaningless });
    });
    afterAll(async () => {
      await images.close();
      await fixture.close();
    });
    beforeEach(() => {
      repository = createRepository();
    });
    afterEach(() => repository.remove());

    const service = () => `web-${randomUUID().slice(0, 6)}`;
    const contentOf = async (digest: string): Promise<string> => (await fixture.contentOf?.(digest)) ?? digest;
    const build = (project: ReturnType<ImagesFixture['project']>, of: string, ref = 'HEAD'): Promise<Image> =>
      images.build({ service: of, repository: repository.folder, ref, recipe: project.recipe });

    test('an image names its service, commit, subject, author, size and time', async () => {
      const project = fixture.project({ 'a.txt': randomUUID() });
      const commit = repository.commit(project.files, 'Say hello\n\nIn full.');
      const of = service();
      const image = await build(project, of, 'main');
      expect(image).toMatchObject({ service: of, commit, subject: 'Say hello', author: 'Ada' });
      expect(image.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(image.bytes).toBeGreaterThan(0);
      expect(Math.abs(Date.now() - image.builtAt.getTime())).toBeLessThan(60_000);
      expect(await images.get(image.digest)).toEqual(image);
      const other = await fixture.open();
      expect(await other.get(image.digest)).toEqual(image);
      await other.close();
    });

    test('a build reads the commit, not what lies uncommitted beside it', async () => {
      const project = fixture.project({ 'a.txt': 'committed' });
      repository.commit(project.files);
      const clean = await build(project, service());
      repository.write({ 'a.txt': 'changed', 'b.txt': 'new' });
      repository.git('add', 'b.txt');
      const dirty = await build(project, service());
      expect(await contentOf(dirty.digest)).toBe(await contentOf(clean.digest));
      expect(repository.git('status', '--porcelain').split('\n').sort()).toEqual(['A  b.txt', 'M a.txt']);
    });

    test('equal content has the same digest, other content another', async () => {
      const project = fixture.project({ 'a.txt': 'one' });
      const first = repository.commit(project.files);
      const of = service();
      repository.commit({ 'a.txt': 'two' });
      const third = repository.commit({ 'a.txt': 'one' });
      const digests = [];
      for (const ref of [first, 'HEAD~1', third]) digests.push(await contentOf((await build(project, of, ref)).digest));
      expect(digests[2]).toBe(digests[0]);
      expect(digests[1]).not.toBe(digests[0]);
    });

    const newestFirst = async (): Promise<void> => {
      const project = fixture.project({ 'a.txt': '1' });
      const of = service();
      const commits = [
        repository.commit(project.files),
        repository.commit({ 'a.txt': '2' }),
        repository.commit({ 'a.txt': '3' }),
      ];
      for (const ref of commits) await build(project, of, ref);
      await build(project, service());
      expect((await images.list(of)).map(({ commit }) => commit)).toEqual(commits.toReversed());
      expect(await images.list('nobody')).toEqual([]);
    };
    promised('lists the images of a service, newest first', newestFirst, { covers: ['order'] });

    const builtOnce = async (): Promise<void> => {
      const project = fixture.project({ 'a.txt': randomUUID() });
      repository.commit(project.files);
      const of = service();
      const other = await fixture.open();
      const request = { service: of, repository: repository.folder, ref: 'main', recipe: project.recipe };
      const made = await Promise.all([build(project, of), build(project, of), other.build(request)]);
      made.push(await build(project, of), await other.build(request));
      expect(new Set(made.map(({ digest }) => digest)).size).toBe(1);
      expect(await images.list(of)).toEqual([made[0]]);
      await other.close();
    };
    promised('a commit is built once, whoever asks, at once or later', builtOnce, { covers: ['duplicates'] });

    const closedMeanwhile = async (): Promise<void> => {
      const endless = fixture.project({ 'a.txt': randomUUID() }, { waits: true });
      repository.commit(endless.files);
      const of = service();
      const builder = await fixture.open();
      const lines: string[] = [];
      const request = { service: of, repository: repository.folder, ref: 'main', recipe: endless.recipe };
      const outcome = builder
        .build(request, (line) => lines.push(line))
        .then(
          () => 'built',
          (error) => error,
        );
      await until(() => lines.some((line) => line.endsWith('halfway')), { withinMs: 60_000, what: 'the build runs' });
      await builder.close();
      expect(await outcome).toMatchObject({ code: 'images.build-failed', message: expect.stringContaining(of) });
      expect(await images.list(of)).toEqual([]);
      const project = fixture.project({ 'a.txt': randomUUID() });
      repository.commit(project.files);
      const image = await build(project, of);
      expect(await images.list(of)).toEqual([image]);
    };
    promised('closing ends a build that runs, and nothing of it is taken for an image', closedMeanwhile, {
      covers: ['close while busy'],
    });

    if (server) imagesFaults(() => ({ fixture, images, repository, server: server() }));

    test('a failed build says why with its last lines, and leaves no image', async () => {
      const project = fixture.project({ 'a.txt': '1' }, { fails: 'type error in line 7' });
      repository.commit(project.files);
      const of = service();
      await expect(build(project, of)).rejects.toMatchObject({
        code: 'images.build-failed',
        message: expect.stringContaining('type error in line 7'),
      });
      expect(await images.list(of)).toEqual([]);
    });

    test('what a build writes is told while it runs', async () => {
      const project = fixture.project({ 'a.txt': '1' }, { fails: 'said on the way' });
      repository.commit(project.files);
      const lines: string[] = [];
      const request = { service: service(), repository: repository.folder, ref: 'main', recipe: project.recipe };
      await expect(images.build(request, (line) => lines.push(line))).rejects.toThrow();
      expect(lines.join('\n')).toContain('said on the way');
    });

    test('tells an unknown ref and a folder that is not a repository apart', async () => {
      const project = fixture.project({ 'a.txt': '1' });
      await expect(build(project, service())).rejects.toMatchObject({ code: 'images.unknown-ref' });
      repository.commit(project.files);
      for (const ref of ['nonsense', 'f'.repeat(40), '--all', 'HEAD~7']) {
        await expect(build(project, service(), ref)).rejects.toMatchObject({
          code: 'images.unknown-ref',
          message: expect.stringContaining(ref),
        });
      }
      const outside = mkdtempSync(join(tmpdir(), 'edwin-outside-'));
      const request = { service: service(), ref: 'main', recipe: project.recipe };
      await expect(images.build({ ...request, repository: outside })).rejects.toMatchObject({
        code: 'images.not-a-repository',
      });
      rmSync(outside, { recursive: true });
      await expect(images.build({ ...request, repository: outside })).rejects.toMatchObject({
        code: 'images.not-a-repository',
      });
    });

    test('ensure is content with an image that is there, and names one that is not', async () => {
      const project = fixture.project({ 'a.txt': randomUUID() });
      repository.commit(project.files);
      const { digest } = await build(project, service());
      await images.ensure(digest, fixture.host);
      await expect(images.ensure(`sha256:${'0'.repeat(64)}`, fixture.host)).rejects.toMatchObject({
        code: 'images.missing',
      });
    });

    test('a removed image is gone, and can be built again', async () => {
      const project = fixture.project({ 'a.txt': randomUUID() });
      repository.commit(project.files);
      const of = service();
      const { digest } = await build(project, of);
      await images.remove(digest);
      await images.remove(digest);
      expect(await images.get(digest)).toBeUndefined();
      expect(await images.list(of)).toEqual([]);
      await expect(images.ensure(digest, fixture.host)).rejects.toMatchObject({ code: 'images.missing' });
      expect((await build(project, of)).digest).toBe(digest);
      await images.ensure(digest, fixture.host);
    });
  });
}
