import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promised, promisesOf } from '../../test/contract';
import { onEngines } from '../../test/engines/engine';
import { openEngines } from '../docker/engines';
import { silent } from '../log';
import { createRepository, type TestRepository } from './contract-fixture';
import { startTestRegistry, sweepTestImages, type TestRegistry } from './fixture-registry';
import { startTokenService, type TokenService } from './fixture-token-service';
import type { Images } from './images';
import { openImages } from './open';

onEngines(['docker'], ({ docker }) => {
  describe(promisesOf('images', 'OCI registry'), () => {
    let folder: string;
    let tokens: TokenService;
    let registry: TestRegistry;
    let repository: TestRepository;
    const opened: Images[] = [];
    const open = async (user: string, more: { password?: string; loginCommand?: string } = {}): Promise<Images> => {
      const images = await openImages(`registry+http://${user}:${more.password ?? ''}@${registry.where}/edwin/images`, {
        data: folder,
        log: silent,
        hostsUrl: docker.setting('EDWIN_TEST_DOCKER_HOST'),
        loginCommand: more.loginCommand,
      });
      opened.push(images);
      return images;
    };
    const request = (service: string) => ({
      service,
      repository: repository.folder,
      ref: 'HEAD',
      recipe: { command: undefined, dockerfile: 'Dockerfile', target: undefined, context: '.' },
    });
    const commit = () => repository.commit({ Dockerfile: 'FROM scratch\nCOPY . /\n', 'a.txt': randomUUID() });

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'edwin-images-'));
      tokens = await startTokenService();
      registry = await startTestRegistry(() => tokens.auth);
      repository = createRepository();
    });
    afterEach(async () => {
      for (const images of opened.splice(0)) await images.close();
    });
    afterAll(async () => {
      repository.remove();
      const engines = openEngines(docker.setting('EDWIN_TEST_DOCKER_HOST'), silent);
      await sweepTestImages(engines.list()[0]!, registry);
      engines.close();
      await registry.close();
      await tokens.close();
      rmSync(folder, { recursive: true });
    });

    const pullOnly = async (): Promise<void> => {
      tokens.users.set('builder', { password: 'build-secret', may: ['pull', 'push', 'delete'] });
      tokens.users.set('prod', { password: 'pull-secret', may: ['pull'] });
      const builder = await open('builder', { password: 'build-secret' });
      const prod = await open('prod', { password: 'pull-secret' });
      commit();
      const image = await builder.build(request('test-web'));
      expect(await prod.get(image.digest)).toEqual(image);
      await prod.ensure(image.digest, 'docker');
      commit();
      for (const refused of [() => prod.build(request('test-web')), () => prod.remove(image.digest)]) {
        const error = await refused().catch((thrown) => thrown);
        expect(error).toMatchObject({ code: 'images.refused', message: expect.stringContaining(registry.where) });
        expect(error.stack).not.toContain('pull-secret');
      }
      expect(await builder.list('test-web')).toEqual([image]);
      await builder.remove(image.digest);
    };
    promised('a login that may only pull can neither push nor remove: the registry refuses it', pullOnly, {
      covers: ['another environment'],
    });

    test('passwords that expire are fetched anew, by one command for all who wait, for Edwin and its engines', async () => {
      const [passwordFile, runsFile] = [join(folder, 'password'), join(folder, 'runs')];
      const rotate = (password: string) => {
        writeFileSync(passwordFile, password);
        tokens.users.set('cloud', { password, may: ['pull', 'push', 'delete'] });
      };
      const runs = () => readFileSync(runsFile, 'utf8').length / 2;
      rotate('first-secret');
      tokens.seconds = 0;
      const images = await open('cloud', { loginCommand: `echo x >> ${runsFile}; cat ${passwordFile}` });
      commit();
      const image = await images.build(request('test-cloud'));
      expect(runs()).toBe(1);
      rotate('second-secret');
      const lists = await Promise.all([1, 2, 3, 4].map(() => images.list('test-cloud')));
      expect(lists).toEqual(Array(4).fill([image]));
      expect(runs()).toBe(2);
      rotate('third-secret');
      await images.ensure(image.digest, 'docker');
      expect(runs()).toBe(3);
      tokens.users.set('cloud', { password: 'unknown to the command', may: [] });
      await expect(images.list('test-cloud')).rejects.toMatchObject({ code: 'images.refused' });
      rotate('fourth-secret');
      await images.remove(image.digest);
    });
  });
});
