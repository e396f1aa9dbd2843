import { until } from '../../test/until';
import { all, type HostsBench } from './contract-bench';

/** What instances write, and reading it. */
export function logsContract(bench: HostsBench): void {
  bench.promise('logs give the newest lines, oldest first', async () => {
    const { id } = await bench.startUp(bench.specOf('lines'));
    await until(async () => (await bench.texts(id, 1))[0] === 'up', { what: 'the last line is there' });
    expect(await bench.texts(id, 4)).toEqual(['line 48', 'line 49', 'line 50', 'up']);
    expect(await bench.texts(id, 0)).toEqual([]);
    expect((await bench.texts(id, 1000)).length).toBe(51);
  }, ['order']);

  bench.promise('logs pass structured lines as they are and cut huge ones', async () => {
    const { id } = await bench.startUp(bench.specOf('json huge'));
    const lines = await until(
      async () => {
        const found = await all(bench.hosts.logs(id, { tail: 10 }));
        return found.length === 3 ? found : undefined;
      },
      { what: 'three lines' },
    );
    expect(JSON.parse(lines[0]!.text)).toMatchObject({ msg: 'structured' });
    expect(lines[1]!.text.length).toBeLessThan(17_000);
    expect(lines[2]!.text).toBe('up');
  });

  bench.promise('logs follow until they are told to stop', async () => {
    const instance = await bench.startUp(bench.specOf('lines', { listens: true }));
    const stop = new AbortController();
    const followed: string[] = [];
    const following = (async () => {
      for await (const { text } of bench.hosts.logs(instance.id, { tail: 1, follow: true, signal: stop.signal }))
        followed.push(text);
    })();
    await until(() => followed.length === 1, { what: 'the tail' });
    await fetch(`http://${instance.address!.host}:${instance.address!.port}/say`);
    await fetch(`http://${instance.address!.host}:${instance.address!.port}/say`);
    await until(() => followed.length === 3, { what: 'later lines' });
    stop.abort();
    await following;
    expect(followed).toEqual([expect.any(String), 'said', 'said']);
  });

  bench.promise('following ends with the instance', async () => {
    const { id } = await bench.startUp(bench.specOf(''));
    const followed = all(bench.hosts.logs(id, { tail: 10, follow: true }));
    await bench.hosts.stop(id, { graceSeconds: 5 });
    expect((await followed).map(({ text }) => text)).toEqual(['up', 'finishing']);
  });
}
