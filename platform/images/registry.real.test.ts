import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Engine, onEngines } from '../../test/engines/engine';
import { until } from '../../test/until';
import { openEngines } from '../docker/engines';
import { releaseTag } from '../docker/release-tag';
import { silent } from '../log';
import { imagesContract } from './contract';
import type { ImagesFixture, ImagesServer } from './contract-fixture';
import { inspectImage, untagImage } from './engine-images';
import { openEngineLinks } from './engine-links';
import { startTestRegistry, sweepTestImages, type TestRegistry } from './fixture-registry';
import type { BuildRecipe, Images } from './images';
import { openRegistryImages } from './registry';
import { parseRegistryAddress } from './registry-address';
import { RegistryClient } from './registry-client';
import { openLogin } from './registry-login';

/** Shorter than a program's, so that a server that hangs is given up before a test is. */
const limits = { callMs: 3_000, idleMs: 8_000 };

function recipeOf(more: Partial<BuildRecipe> = {}): BuildRecipe {
  return { command: undefined, dockerfile: 'Dockerfile', target: undefined, context: '.', ...more };
}

const dockerfiles = {
  plain: 'FROM scratch\nCOPY . /\n',
  fails: (words: string) => `FROM node:24-slim\nCOPY . /app\nRUN echo '${words}'; exit 3\n`,
  waits: 'FROM node:24-slim\nCOPY . /app\nRUN echo halfway; sleep 600\n',
  large:
    'FROM node:24-slim AS made\nCOPY a.txt /\nRUN head -c 80000000 /dev/urandom > /large\nFROM scratch\nCOPY --from=made /large /\n',
};
const projectOf = (files: Readonly<Record<string, string>>, dockerfile: string) => ({
  files: { ...files, Dockerfile: dockerfile },
  recipe: recipeOf(),
});

/** A plain client of it, beside the adapter. */
function clientOf({ where, user, password }: TestRegistry): RegistryClient {
  const address = parseRegistryAddress(`registry+http://${user}:${password}@${where}/edwin/images`);
  return new RegistryClient(address, openLogin({ ...address, command: undefined, env: {} }));
}

/** Opens images on a registry, built and used by one engine. */
function opener(docker: Engine, registry: TestRegistry, folder: string, builder: 'buildkit' | 'classic') {
  return async (password = registry.password): Promise<Images> => {
    const url = `registry+http://${registry.user}:${password}@${registry.where}/edwin/images?builder=${builder}`;
    const address = parseRegistryAddress(url);
    const engines = openEngineLinks(openEngines(docker.setting('EDWIN_TEST_DOCKER_HOST'), silent));
    return openRegistryImages({
      address,
      login: openLogin({ ...address, command: undefined, env: {} }),
      hosts: engines,
      builders: engines,
      folder: join(folder, 'locks'),
      log: silent,
      env: { PATH: process.env['PATH'] ?? '' },
      limits,
    });
  };
}

/** @seconds 50 */
onEngines(['docker'], ({ docker }) => {
  for (const builder of ['buildkit', 'classic'] as const) {
    let server: ImagesServer;
    const prepare = async (): Promise<ImagesFixture> => {
      const folder = mkdtempSync(join(tmpdir(), 'edwin-images-'));
      const registry = await startTestRegistry();
      const open = opener(docker, registry, folder, builder);
      const engine = openEngines(docker.setting('EDWIN_TEST_DOCKER_HOST'), silent);
      const client = engine.list()[0]!;
      server = {
        ...registry,
        secret: registry.password,
        openRefused: () => open('wrong-password'),
        large: () => projectOf({ 'a.txt': randomUUID() }, dockerfiles.large),
        pushing: () => until(() => registry.uploading(), { withinMs: 120_000, what: 'a push has begun' }),
        async forget(digest) {
          for (const name of [releaseTag(digest), `${registry.where}/edwin/images@${digest}`])
            await untagImage(client, name);
          const built = await client.calls.listImages({ filters: { reference: ['edwin-build'] } });
          for (const name of built.flatMap(({ RepoTags }) => RepoTags ?? [])) await untagImage(client, name);
          expect(await inspectImage(client, releaseTag(digest))).toBeUndefined();
        },
      };
      return {
        version: `${registry.version}`,
        open: () => open(),
        host: 'docker',
        async contentOf(digest) {
          const stored = await clientOf(registry).manifest(digest);
          return JSON.stringify((JSON.parse(stored!.bytes.toString()) as { layers: unknown }).layers);
        },
        project: (files, { fails, waits } = {}) =>
          projectOf(files, fails ? dockerfiles.fails(fails) : waits ? dockerfiles.waits : dockerfiles.plain),
        async close() {
          await sweepTestImages(client, registry);
          engine.close();
          await registry.close();
          rmSync(folder, { recursive: true, force: true });
        },
      };
    };
    const calls = {
      redelivery: 'a build and a pull are calls, not messages; repeated ones are duplicates',
      'back-pressure': 'nothing is queued: whoever asks waits for the own build',
    };
    const same = 'the registry is spoken to as with BuildKit';
    if (builder === 'buildkit') imagesContract('OCI registry', prepare, { server: () => server, meaningless: calls });
    else
      imagesContract('OCI registry, classic builder', prepare, {
        meaningless: {
          ...calls,
          unreachable: same,
          'lost and back': same,
          paused: same,
          'wrong credentials': same,
          'another environment': same,
        },
      });
  }
});
