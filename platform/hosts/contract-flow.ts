import { until } from '../../test/until';
import { EdwinError } from '../errors';
import type { HostsBench } from './contract-bench';

/** Much at once, slow readers, and an end in the middle. */
export function flowContract(bench: HostsBench): void {
  bench.promise('a reader that is slower than the writer gets every line, in order', async () => {
    const instance = await bench.startUp(bench.specOf('', { listens: true }));
    const stop = new AbortController();
    const numbers: number[] = [];
    let reads = false;
    const following = (async () => {
      for await (const { text } of bench.hosts.logs(instance.id, { tail: 0, follow: true, signal: stop.signal })) {
        if (text === 'said') reads = true;
        else numbers.push(Number(text.split(' ')[1]));
        if (numbers.length % 10 === 0) await new Promise(setImmediate);
      }
    })();
    const url = `http://${instance.address!.host}:${instance.address!.port}`;
    // What is written before the reader is there is not for it.
    await until(() => fetch(`${url}/say`).then(() => reads), { what: 'the log is read' });
    await fetch(`${url}/flood`);
    await until(() => numbers.length >= 20_000, { what: 'all lines are read', withinMs: 100_000 });
    stop.abort();
    await following;
    expect(numbers).toEqual(Array.from({ length: 20_000 }, (_, i) => i + 1));
  }, ['order', 'back-pressure']);

  bench.promise('close ends what is followed and what waits, within seconds; instances go on', async () => {
    const { id } = await bench.startUp(bench.specOf('ticks'));
    const closing = await bench.openAnother();
    await bench.untilHost('ready', closing);
    let followed = 0;
    const following = (async () => {
      for await (const _ of closing.logs(id, { tail: 1, follow: true })) followed += 1;
    })();
    await until(() => followed > 1, { what: 'the log is followed' });
    const spec = bench.specOf('');
    const starting = closing.start(spec).catch((error) => error);
    const stopping = closing.stop(id, { graceSeconds: 0 }).catch((error) => error);
    const begun = Date.now();
    await closing.close();
    await closing.close();
    await following;
    const [started, stopped] = await Promise.all([starting, stopping]);
    expect(Date.now() - begun).toBeLessThan(10_000);
    for (const outcome of [started, stopped])
      if (outcome instanceof Error) expect((outcome as EdwinError).code).toBe('hosts.unreachable');
    // Half done or not, it is one and the same when it is asked for again.
    expect(await bench.hosts.start(spec)).toMatchObject({ id: spec.id, state: 'running' });
    await bench.hosts.stop(id, { graceSeconds: 0 });
    expect(await bench.find(id)).toMatchObject({ state: 'exited' });
  }, ['close while busy']);
}
