import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request as ask, createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onEngines } from '../../test/engines/engine';
import { openEngines } from '../docker/engines';
import { releaseTag } from '../docker/release-tag';
import { silent } from '../log';
import { createRepository, type TestRepository } from './contract-fixture';
import { builtImages, inspectImage, untagImage } from './engine-images';
import { startTestRegistry, sweepTestImages, type TestRegistry } from './fixture-registry';
import type { BuildRequest, Images } from './images';
import { digestOfBytes } from './manifest';
import { openImages } from './open';
import { parseRegistryAddress } from './registry-address';
import { RegistryClient } from './registry-client';
import { openLogin } from './registry-login';

onEngines(['docker'], ({ docker }) => {
  describe('what a registry holds', () => {
    let folder: string;
    let registry: TestRegistry;
    let repository: TestRepository;
    let images: Images;
    const engineUrl = docker.setting('EDWIN_TEST_DOCKER_HOST');
    const urlOf = (where: string) => `registry+http://${registry.user}:${registry.password}@${where}/edwin/images`;
    const open = (where = registry.where, builder = 'buildkit') =>
      openImages(`${urlOf(where)}?builder=${builder}`, { data: folder, log: silent, hostsUrl: engineUrl });
    const plain = () => {
      const address = parseRegistryAddress(urlOf(registry.where));
      return new RegistryClient(address, openLogin({ ...address, command: undefined, env: {} }));
    };
    const request = (service: string, target?: string): BuildRequest => ({
      service,
      repository: repository.folder,
      ref: 'HEAD',
      recipe: { command: undefined, dockerfile: 'Dockerfile', target, context: '.' },
    });
    const commit = (dockerfile = 'FROM scratch\nCOPY . /\n') =>
      repository.commit({ Dockerfile: dockerfile, 'a.txt': randomUUID() });

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'edwin-images-'));
      registry = await startTestRegistry();
    });
    beforeEach(async () => {
      repository = createRepository();
      images = await open();
    });
    afterEach(async () => {
      await images.close();
      repository.remove();
    });
    afterAll(async () => {
      const engines = openEngines(engineUrl, silent);
      await sweepTestImages(engines.list()[0]!, registry);
      engines.close();
      await registry.close();
      rmSync(folder, { recursive: true });
    });

    test('an index of platforms is resolved: described by its image, and put on a host by its own digest', async () => {
      commit();
      const image = await images.build(request('test-web'));
      const client = plain();
      const one = (await client.manifest(image.digest))!;
      const engines = openEngines(engineUrl, silent);
      const info = (await engines.list()[0]!.calls.info()) as { Architecture: string };
      const architecture = info.Architecture === 'aarch64' ? 'arm64' : 'amd64';
      const index = Buffer.from(
        JSON.stringify({
          schemaVersion: 2,
          mediaType: 'application/vnd.oci.image.index.v1+json',
          manifests: [
            {
              mediaType: one.mediaType,
              digest: one.digest,
              size: one.bytes.length,
              platform: { os: 'linux', architecture },
            },
          ],
        }),
      );
      const digest = digestOfBytes(index);
      await client.tag({ digest, mediaType: 'application/vnd.oci.image.index.v1+json', bytes: index }, 'many');
      expect((await client.manifest('many'))?.digest).toBe(digest);
      expect(await images.get(digest)).toEqual({ ...image, digest });
      await images.ensure(digest, 'docker');
      expect((await inspectImage(engines.list()[0]!, releaseTag(digest)))?.Config.Labels).toMatchObject({
        'edwin.service': 'test-web',
      });
      await images.remove(digest);
      await images.remove(image.digest);
      engines.close();
    });

    test('a registry that gives something else for a digest is believed by nobody', async () => {
      commit();
      const image = await images.build(request('test-web'));
      commit();
      const other = await images.build(request('test-web'));
      const engines = openEngines(engineUrl, silent);
      for (const name of [releaseTag(image.digest), `${registry.where}/edwin/images@${image.digest}`])
        await untagImage(engines.list()[0]!, name);
      const front = await openFront(registry, (path) => path.replace(image.digest, other.digest));
      const deceived = await open(front.where);
      const damaged = { code: 'images.damaged', message: expect.stringContaining(image.digest) };
      await expect(deceived.get(image.digest)).rejects.toMatchObject(damaged);
      await expect(deceived.ensure(image.digest, 'docker')).rejects.toMatchObject(damaged);
      expect(await inspectImage(engines.list()[0]!, releaseTag(image.digest))).toBeUndefined();
      await deceived.close();
      await front.close();
      for (const { digest } of [image, other]) await images.remove(digest);
      engines.close();
    });

    test('targets of one Dockerfile are images of their own, and a build sees its commit', async () => {
      const stages = ['one', 'two'].map(
        (name) => `FROM node:24-slim AS ${name}\nARG COMMIT\nENV WHO=${name}-$COMMIT\n`,
      );
      const id = commit(`${stages.join('')}COPY . /app\n`);
      const engines = openEngines(engineUrl, silent);
      for (const target of ['one', 'two']) {
        const image = await images.build(request('test-web', target));
        await images.ensure(image.digest, 'docker');
        const found = await inspectImage(engines.list()[0]!, releaseTag(image.digest));
        expect(found?.Config.Env).toContain(`WHO=${target}-${id}`);
        await images.remove(image.digest);
      }
      await expect(images.build(request('test-web', 'three'))).rejects.toMatchObject({
        code: 'images.build-failed',
        message: expect.stringContaining('three'),
      });
      engines.close();
    });

    test.each(['buildkit', 'classic'])(
      'a base image of the same registry is pulled with its login: %s',
      async (builder) => {
        const builders = await open(registry.where, builder);
        commit();
        const base = await builders.build(request('test-base'));
        const engine = openEngines(engineUrl, silent);
        const names = await builtImages(engine.list()[0]!, 'test-base');
        for (const name of [...names, `${registry.where}/edwin/images@${base.digest}`])
          await untagImage(engine.list()[0]!, name);
        commit(`FROM ${registry.where}/edwin/images@${base.digest}\nCOPY a.txt /b.txt\n`);
        const image = await builders.build(request('test-web'));
        expect(image.bytes).toBeGreaterThan(base.bytes);
        for (const { digest } of [image, base]) await builders.remove(digest);
        await builders.close();
        engine.close();
      },
    );

    test('what a killed builder was at is no image, ends on the engine, and is built by the next', async () => {
      commit('FROM node:24-slim\nCOPY . /app\nRUN echo halfway; test -e /app/quick.txt || sleep 600\n');
      const script = `
        const { openImages } = require('./platform/images/open.ts');
        const { silent } = require('./platform/log.ts');
        const { url, data, hostsUrl, request } = JSON.parse(process.env.WORK);
        openImages(url, { data, log: silent, hostsUrl }).then((images) => images.build(request, (line) => console.log(line)));`;
      const work = { url: urlOf(registry.where), data: folder, hostsUrl: engineUrl, request: request('test-slow') };
      const builder = spawn(process.execPath, ['-r', './test/typescript.js', '-e', script], {
        cwd: resolve(__dirname, '../..'),
        env: { PATH: process.env['PATH'], WORK: JSON.stringify(work) },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      for await (const text of builder.stdout.setEncoding('utf8')) if (/^halfway/m.test(text)) break;
      const ended = builder.exitCode === null && builder.signalCode === null ? once(builder, 'exit') : undefined;
      builder.kill('SIGKILL');
      await ended;
      expect(await images.list('test-slow')).toEqual([]);
      repository.commit({ 'quick.txt': '' });
      const image = await images.build(request('test-slow'));
      expect(await images.list('test-slow')).toEqual([image]);
      await images.remove(image.digest);
    });
  });
});

/** A registry in front of another that asks it for something else than it was asked for. */
async function openFront(registry: TestRegistry, turn: (path: string) => string) {
  const server: Server = createServer((incoming, answer) => {
    const options = { host: '127.0.0.1', port: registry.port, method: incoming.method, headers: incoming.headers };
    const outgoing = ask({ ...options, path: turn(incoming.url!) }, (got) => {
      answer.writeHead(got.statusCode!, got.headers);
      got.pipe(answer);
    });
    incoming.pipe(outgoing);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    where: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
