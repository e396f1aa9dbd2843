import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onEngines } from '../../test/engines/engine';
import { openEngines } from '../docker/engines';
import { releaseTag } from '../docker/release-tag';
import { silent } from '../log';
import { createRepository, type TestRepository } from './contract-fixture';
import { hasDigest, inspectImage } from './engine-images';
import type { Images } from './images';
import { openImages } from './open';

/** Hosts of their own, over mutual TLS, which know the registry under its name alone. */
onEngines(['docker', 'hosts', 'registry'], ({ docker, hosts, registry }) => {
  describe('images on several hosts', () => {
    let folder: string;
    let images: Images;
    let repository: TestRepository;
    const made: string[] = [];
    const file = () => join(folder, 'hosts.yaml');
    const named = hosts.setting('EDWIN_TEST_HOSTS').split(',');
    const names = named.map((each) => each.split('=')[0]!);

    const open = (where = registry.setting('EDWIN_TEST_REGISTRY_NAME'), builder?: string) => {
      const [user, password] = ['USER', 'PASSWORD'].map((name) => process.env[`EDWIN_TEST_REGISTRY_${name}`]);
      return openImages(`registry+http://${user}:${password}@${where}/edwin-tests/images`, {
        data: folder,
        log: silent,
        hostsUrl: `docker:${file()}`,
        builderUrl: builder,
      });
    };
    const build = async (by = images) => {
      const dockerfile = 'FROM node:24-slim\nCOPY . /app\nCMD ["node", "/app/a.js"]\n';
      repository.commit({ Dockerfile: dockerfile, 'a.js': `console.log('${randomUUID()}')` });
      const recipe = { command: undefined, dockerfile: 'Dockerfile', target: undefined, context: '.' };
      const image = await by.build({ service: 'test-web', repository: repository.folder, ref: 'HEAD', recipe });
      made.push(image.digest);
      return image;
    };

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'edwin-images-'));
      const tls = hosts.setting('EDWIN_TEST_HOSTS_TLS');
      const lines = named.map((each) => each.split('=')).map(([name, engine]) => ({ name, engine, tls }));
      writeFileSync(file(), JSON.stringify({ hosts: lines }));
      repository = createRepository();
      images = await open(undefined, docker.setting('EDWIN_TEST_DOCKER_HOST'));
    });
    afterAll(async () => {
      for (const digest of made) await images.remove(digest);
      await images.close();
      repository.remove();
      rmSync(folder, { recursive: true });
    });

    test('each gets what was built, by digest, under the tag its instances start from', async () => {
      const image = await build();
      await Promise.all(names.map((name) => images.ensure(image.digest, name)));
      const engines = openEngines(`docker:${file()}`, silent);
      for (const engine of engines.list()) {
        const found = await inspectImage(engine, releaseTag(image.digest));
        expect(found && hasDigest(found, image.digest)).toBe(true);
        expect(found?.Config.Labels).toMatchObject({
          'edwin.service': 'test-web',
          'edwin.subject': 'A change',
          'edwin.author': 'Ada',
          'org.opencontainers.image.revision': image.commit,
          'org.opencontainers.image.created': image.builtAt.toISOString(),
        });
      }
      engines.close();
    });

    test('where no builder is named the first host builds, also over TLS', async () => {
      const alone = await open();
      const image = await build(alone);
      expect(await alone.list('test-web')).toContainEqual(image);
      await alone.ensure(image.digest, names.at(-1)!);
      await alone.close();
    });

    test('what is on a host needs no registry, and what is not is told with host and registry', async () => {
      const image = await build();
      await images.ensure(image.digest, names[0]!);
      const away = await open('10.77.0.1:9'); // nothing listens there
      await away.ensure(image.digest, names[0]!);
      await expect(away.ensure(image.digest, names[1]!)).rejects.toMatchObject({
        code: 'images.unreachable',
        message: expect.stringMatching(new RegExp(`${names[1]}.*10\\.77\\.0\\.1:9`)),
      });
      await away.close();
    });

    test('a host that is not there, or unknown, is told as that', async () => {
      const image = await build();
      await expect(images.ensure(image.digest, 'nowhere')).rejects.toMatchObject({ code: 'hosts.unknown-host' });
      const hostsUrl = 'unix:///nothing/docker.sock?name=gone';
      const lone = await openImages('registry+http://x:y@127.0.0.1:9/a', { data: folder, log: silent, hostsUrl });
      await expect(lone.ensure(image.digest, 'gone')).rejects.toMatchObject({ code: 'hosts.unreachable' });
      await lone.close();
    });
  });
});
