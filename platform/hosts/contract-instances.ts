import { until } from '../../test/until';
import { hasCode } from '../errors';
import { all, type HostsBench } from './contract-bench';
import type { InstanceSpec } from './hosts';

/** Start, life and end of instances. */
export function instancesContract(bench: HostsBench): void {
  bench.promise('names its hosts and what they have', async () => {
    const host = (await bench.hosts.hosts()).find(({ name: each }) => each === bench.fixture.host);
    expect(host).toMatchObject({ state: 'ready' });
    expect(host!.cpus).toBeGreaterThan(0);
    expect(host!.memoryMb).toBeGreaterThan(0);
  });

  bench.promise('an instance listens at its address, has its environment, and is listed with its labels', async () => {
    const spec = bench.specOf('', { listens: true, env: { VALUE: 'a secret of 7' } });
    const instance = await bench.startUp(spec);
    const answer = await fetch(`http://${instance.address!.host}:${instance.address!.port}/`);
    expect(await answer.json()).toEqual({ instance: spec.id, value: 'a secret of 7' });
    expect(await bench.find(spec.id)).toMatchObject({
      id: spec.id,
      host: bench.fixture.host,
      labels: spec.labels,
      image: spec.image,
      state: 'running',
      exit: undefined,
    });
    expect(JSON.stringify(await bench.mine())).not.toContain('a secret of 7');
  });

  bench.promise('two instances never have the same port', async () => {
    const started = await Promise.all(
      Array.from({ length: 4 }, () => bench.hosts.start(bench.specOf('', { listens: true }))),
    );
    expect(new Set(started.map(({ address }) => address!.port)).size).toBe(4);
  });

  bench.promise('lists by any of the labels', async () => {
    const spec = bench.specOf('', { labels: { environment: 'prod', service: 'web', release: 8, operation: 'keeper' } });
    await bench.hosts.start(spec);
    await bench.hosts.start(bench.specOf(''));
    expect((await bench.mine({ environment: 'prod' })).map(({ id }) => id)).toEqual([spec.id]);
    expect((await bench.mine({ release: 8, service: 'web' })).map(({ id }) => id)).toEqual([spec.id]);
    expect(await bench.mine({ release: 8, environment: 'stage' })).toEqual([]);
    expect(await bench.mine()).toHaveLength(2);
  });

  bench.promise('the same id twice is one instance, also when both ask at once and through two openings', async () => {
    const other = await bench.openAnother();
    const spec = bench.specOf('', { listens: true });
    const [first, second, third] = await Promise.all([
      bench.hosts.start(spec),
      bench.hosts.start(spec),
      other.start(spec),
    ]);
    const later = await bench.hosts.start(spec);
    expect([second, third, later].map(({ address }) => address)).toEqual(
      [first, first, first].map(({ address }) => address),
    );
    await bench.tester.here('main');
    expect(await bench.mine()).toHaveLength(1);
    expect(bench.tester.seen()).toEqual(['main']);
    await other.close();
  }, ['duplicates']);

  bench.promise('an id that has exited is returned with its exit, and nothing is started', async () => {
    const spec = bench.specOf('exit', { env: { CODE: '3' } });
    await bench.hosts.start(spec);
    await bench.exited(spec.id);
    expect(await bench.hosts.start(spec)).toMatchObject({ state: 'exited', exit: { code: 3 } });
  });

  bench.promise(
    'an exit is told with its code, and the instance stays listed with its log until it is removed',
    async () => {
      const events = bench.watch();
      const spec = bench.specOf('exit', { env: { CODE: '3' } });
      await bench.hosts.start(spec);
      await until(() => events.some(({ kind }) => kind === 'exited'), { what: 'the exit is told', withinMs: 5_000 });
      expect(events.map(({ kind, instance }) => [kind, instance.id])).toEqual([
        ['started', spec.id],
        ['exited', spec.id],
      ]);
      expect(await bench.find(spec.id)).toMatchObject({ state: 'exited', exit: { code: 3, signal: undefined } });
      expect(
        (await all(bench.hosts.logs(spec.id, { tail: 10 }))).map(({ stream, text }) => `${stream} ${text}`).sort(),
      ).toEqual(['stderr because', 'stdout leaving']);
      await bench.hosts.remove(spec.id);
      expect(await bench.find(spec.id)).toBeUndefined();
    },
  );

  bench.promise('a crash is told with its signal', async () => {
    const instance = await bench.startUp(bench.specOf('', { listens: true }));
    await fetch(`http://${instance.address!.host}:${instance.address!.port}/crash`).catch(() => undefined);
    const { exit } = (await bench.exited(instance.id))!;
    expect(['SIGKILL', 137]).toContain(exit!.signal ?? exit!.code);
  });

  bench.promise('what a crashed instance leaves behind is ended too', async () => {
    const instance = await bench.startUp(bench.specOf('parent', { listens: true }));
    await bench.tester.here('child');
    await fetch(`http://${instance.address!.host}:${instance.address!.port}/crash`).catch(() => undefined);
    await bench.exited(instance.id);
    await bench.tester.gone('child');
  });

  bench.promise('stop lets an instance finish within its grace', async () => {
    const { id } = await bench.startUp(bench.specOf(''));
    await bench.hosts.stop(id, { graceSeconds: 10 });
    expect(await bench.find(id)).toMatchObject({ state: 'exited', exit: { code: 0 } });
    expect(await bench.texts(id, 10)).toContain('finishing');
  });

  bench.promise(
    'of several that are stopped at once each is listed as exited, and can be removed, when its stop is over',
    async () => {
      const names = ['first', 'second', 'third'];
      const started = await Promise.all(
        names.map((name) => bench.hosts.start(bench.specOf('', { env: { NAME: name } }))),
      );
      await Promise.all(names.map((name) => bench.tester.here(name)));
      await Promise.all(
        started.map(async ({ id }) => {
          await bench.hosts.stop(id, { graceSeconds: 10 });
          expect(await bench.find(id)).toMatchObject({ state: 'exited', address: undefined, exit: { code: 0 } });
          await bench.hosts.remove(id);
          expect(await bench.find(id)).toBeUndefined();
        }),
      );
    },
  );

  bench.promise('stop kills an instance that does not listen, with all its children', async () => {
    const { id } = await bench.startUp(bench.specOf('deaf parent'));
    await bench.tester.here('child');
    await bench.hosts.stop(id, { graceSeconds: 0.3 });
    expect(await bench.find(id)).toMatchObject({ state: 'exited' });
    expect(await bench.texts(id, 10)).toContain('heard SIGTERM');
    await bench.tester.gone('main');
    await bench.tester.gone('child');
  });

  bench.promise('stop ends children that went their own way, also when the instance itself finishes well', async () => {
    const { id } = await bench.startUp(bench.specOf('parent astray'));
    await bench.tester.here('child');
    await bench.hosts.stop(id, { graceSeconds: 0.5 });
    await bench.tester.gone('child');
  });

  bench.promise('stop and remove are content when there is nothing left to do', async () => {
    const { id } = await bench.startUp(bench.specOf(''));
    await Promise.all([bench.hosts.stop(id, { graceSeconds: 5 }), bench.hosts.stop(id, { graceSeconds: 5 })]);
    await bench.hosts.stop(id, { graceSeconds: 5 });
    await bench.hosts.remove(id);
    await bench.hosts.stop(id, { graceSeconds: 5 });
    await bench.hosts.remove(id);
  });

  bench.promise('an instance that runs can not be removed', async () => {
    const { id } = await bench.startUp(bench.specOf(''));
    await expect(bench.hosts.remove(id)).rejects.toMatchObject({ code: 'hosts.still-running' });
    expect(await bench.find(id)).toMatchObject({ state: 'running' });
  });

  bench.promise(
    'instances outlive the controller and are found, watched, read and stopped by the next one',
    async () => {
      const spec = bench.specOf('deaf', { listens: true });
      const before = await bench.startUp(spec);
      await bench.hosts.close();
      bench.hosts = await bench.fixture.open();
      expect(await bench.find(spec.id)).toEqual(before);
      expect(await bench.hosts.start(spec)).toEqual(before);
      expect(await bench.texts(spec.id, 5)).toContain('up');
      const events = bench.watch();
      await bench.hosts.stop(spec.id, { graceSeconds: 0 });
      await until(() => events.some(({ kind }) => kind === 'exited'), { what: 'the exit is told' });
      expect(events.map(({ kind }) => kind)).toEqual(['exited']);
    },
  );

  bench.promise(
    'refuses what it can not start, by name and reason, without the values of the environment',
    async () => {
      const failure = async (spec: InstanceSpec) =>
        bench.hosts.start(spec).then(
          () => undefined,
          (error: Error) => error,
        );
      const env = { VALUE: 'a secret of 7' };
      expect(hasCode(await failure(bench.specOf('', { host: 'nowhere', env })), 'hosts.unknown-host')).toBe(true);
      for (const more of [{ image: `sha256:${'0'.repeat(64)}` }, { id: 'No Good' }]) {
        const error = await failure(bench.specOf('', { ...more, env }));
        expect(hasCode(error, 'hosts.start-failed')).toBe(true);
        expect(`${error!.message}${JSON.stringify(error)}`).not.toContain('a secret of 7');
      }
      expect(await bench.mine()).toEqual([]);
      await expect(all(bench.hosts.logs('nobody-1', { tail: 1 }))).rejects.toMatchObject({
        code: 'hosts.unknown-instance',
      });
    },
  );

  bench.promise('a command that is not there is refused, or exits with 127 and says so in its log', async () => {
    const spec = bench.specOf('', { command: ['/no/such/program'], env: { VALUE: 'a secret of 7' } });
    const outcome = await bench.hosts.start(spec).catch((error: Error) => error);
    if (outcome instanceof Error) {
      expect(hasCode(outcome, 'hosts.start-failed')).toBe(true);
      expect(`${outcome.message}${JSON.stringify(outcome)}`).not.toContain('a secret of 7');
      expect(await bench.mine()).toEqual([]);
    } else {
      expect(await bench.exited(spec.id)).toMatchObject({ exit: { code: 127 } });
      expect((await bench.texts(spec.id, 10)).join('\n')).toContain('/no/such/program');
    }
  });
}
