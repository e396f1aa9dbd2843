import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { promised } from '../../test/contract';
import { until } from '../../test/until';
import type { ImagesFixture, ImagesServer, TestRepository } from './contract-fixture';
import type { Image, Images } from './images';

interface Scene {
  readonly fixture: ImagesFixture;
  readonly images: Images;
  readonly repository: TestRepository;
  readonly server: ImagesServer;
}

/** Faults of the server: each is undone at the end of its test. */
export function imagesFaults(scene: () => Scene): void {
  const service = () => `web-${randomUUID().slice(0, 6)}`;
  const build = (
    { repository, images }: Scene,
    project: ReturnType<ImagesFixture['project']>,
    of: string,
    by: Images = images,
  ): Promise<Image> => {
    repository.commit(project.files);
    return by.build({ service: of, repository: repository.folder, ref: 'HEAD', recipe: project.recipe });
  };
  const outcomes = async (work: readonly (() => Promise<unknown>)[]): Promise<unknown[]> =>
    (await Promise.allSettled(work.map((each) => each()))).map((each) =>
      each.status === 'rejected' ? each.reason : each.value,
    );
  const everyCall = (images: Images, { fixture, repository }: Scene, of: string): (() => Promise<unknown>)[] => {
    const { recipe } = fixture.project({ 'a.txt': '1' });
    return [
      () => images.build({ service: of, repository: repository.folder, ref: 'HEAD', recipe }),
      () => images.list(of),
      () => images.get(`sha256:${'1'.repeat(64)}`),
      () => images.ensure(`sha256:${'1'.repeat(64)}`, fixture.host),
      () => images.remove(`sha256:${'1'.repeat(64)}`),
    ];
  };
  const allFail = (found: unknown[], code: string, { server }: Scene): void => {
    for (const error of found) expect(error).toMatchObject({ code, message: expect.stringContaining(server.where) });
    expect(found.map((error) => (error as Error).stack).join('\n')).not.toContain(server.secret);
  };

  const absentAtStart = async (): Promise<void> => {
    const now = scene();
    const { server, fixture } = now;
    const of = service();
    now.repository.commit(fixture.project({ 'a.txt': '1' }).files);
    await server.crash();
    const early = await fixture.open();
    try {
      allFail(await outcomes(everyCall(early, now, of)), 'images.unreachable', now);
    } finally {
      await server.up();
    }
    const image = await build(now, fixture.project({ 'a.txt': randomUUID() }), of, early);
    expect(await early.list(of)).toEqual([image]);
    await early.close();
  };
  promised('a server that is not there at the start is named, and used when it comes', absentAtStart, {
    covers: ['unreachable'],
  });

  const lostInPush = async (): Promise<void> => {
    const now = scene();
    const { server, fixture, images } = now;
    const of = service();
    const pushed = build(now, server.large(), of);
    await server.pushing();
    await server.crash();
    await pause(500); // long enough for the first tries to fail
    expect(await outcomes([() => images.list(of)])).toMatchObject([{ code: 'images.unreachable' }]);
    await server.up();
    const image = await pushed;
    expect(await images.list(of)).toEqual([image]);
    await images.ensure(image.digest, fixture.host);
  };
  promised('a server that is killed during a push and comes back has the image whole', lostInPush, {
    covers: ['lost and back'],
  });

  const lostInPull = async (): Promise<void> => {
    const now = scene();
    const { server, fixture, images } = now;
    const image = await build(now, server.large(), service());
    await server.forget(image.digest);
    const ensured = images.ensure(image.digest, fixture.host);
    await server.crash();
    await server.up();
    await ensured;
    await server.crash();
    try {
      await images.ensure(image.digest, fixture.host); // what is there stays usable
    } finally {
      await server.up();
    }
  };
  promised('a host gets its image from a server that is killed meanwhile, and then needs it no more', lostInPull, {
    covers: ['lost and back'],
  });

  const paused = async (): Promise<void> => {
    const now = scene();
    const { server, fixture, images } = now;
    const of = service();
    now.repository.commit(fixture.project({ 'a.txt': '1' }).files);
    server.pause();
    try {
      allFail(await outcomes(everyCall(images, now, of)), 'images.unreachable', now);
    } finally {
      server.resume();
    }
    const image = await until(() => build(now, fixture.project({ 'a.txt': randomUUID() }), of), {
      withinMs: 60_000,
      what: 'the server is used again',
    });
    await images.ensure(image.digest, fixture.host);
  };
  promised('a server that hangs holds nobody for ever, and is used when it goes on', paused, { covers: ['paused'] });

  const refused = async (): Promise<void> => {
    const now = scene();
    const { server, images, fixture } = now;
    const of = service();
    now.repository.commit(fixture.project({ 'a.txt': '1' }).files);
    const stranger = await server.openRefused();
    allFail(await outcomes(everyCall(stranger, now, of)), 'images.refused', now);
    expect(await images.list(of)).toEqual([]);
    await stranger.close();
  };
  promised('wrong credentials are refused and told as that', refused, { covers: ['wrong credentials'] });
}
