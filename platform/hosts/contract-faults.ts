import { until } from '../../test/until';
import { EdwinError } from '../errors';
import type { HostFaults, HostsBench } from './contract-bench';
import type { Hosts } from './hosts';

/** Beyond this a call to a host that is known to be away did not fail at once. */
const AT_ONCE_MS = 2_000;

/** Hosts that go away, fall silent and come back. */
export function faultsContract(bench: HostsBench, faults: HostFaults): void {
  const failure = async (work: Promise<unknown>): Promise<{ error: EdwinError; ms: number }> => {
    const begun = Date.now();
    const error = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(error instanceof EdwinError)) throw new Error('It did not fail', { cause: error });
    return { error, ms: Date.now() - begun };
  };
  const othersGoOn = async (hosts: Hosts): Promise<void> => {
    if (faults.other === undefined) return;
    expect((await hosts.hosts()).find(({ name }) => name === faults.other)).toMatchObject({ state: 'ready' });
    const { id } = await hosts.start(bench.specOf('', { host: faults.other }));
    await hosts.stop(id, { graceSeconds: 0 });
    await hosts.remove(id);
  };

  bench.promise('a host that is away at the start is unknown, calls to it fail at once and others go on; it is taken when it comes', async () => {
    const spec = bench.specOf('');
    await faults.cut();
    let hosts: Hosts | undefined;
    try {
      hosts = await bench.openAnother();
      await bench.untilHost('unknown', hosts);
      for (const work of [hosts.start(spec), hosts.stop(spec.id, { graceSeconds: 5 }), hosts.remove(spec.id)]) {
        const { error, ms } = await failure(work);
        expect(error.code).toBe('hosts.unreachable');
        expect(error.message).toContain(bench.fixture.host);
        expect(ms).toBeLessThan(AT_ONCE_MS);
      }
      await othersGoOn(hosts);
    } finally {
      await faults.mend();
    }
    await bench.untilHost('ready', hosts);
    expect(await hosts.start(spec)).toMatchObject({ state: 'running' });
    await hosts.close();
    await bench.untilHost('ready');
  }, ['unreachable']);

  bench.promise('a host that is lost keeps its instances, as unknown; when it is back logs go on without gap or repetition, and what happened meanwhile is told', async () => {
    const events = bench.watch();
    const ticking = await bench.startUp(bench.specOf('ticks'));
    const stop = new AbortController();
    const ticks: string[] = [];
    const following = (async () => {
      for await (const { text } of bench.hosts.logs(ticking.id, { tail: 1000, follow: true, signal: stop.signal }))
        ticks.push(text);
    })();
    await until(() => ticks.length > 5, { what: 'its log is followed' });
    const brief = await bench.hosts.start(bench.specOf('brief'));
    const begun = Date.now();
    await faults.cut();
    let seen = 0;
    try {
      await bench.untilHost('unknown');
      expect(await bench.mine()).toEqual([
        expect.objectContaining({ id: ticking.id, state: 'unknown' }),
        expect.objectContaining({ id: brief.id }),
      ]);
      const calls = [bench.hosts.stop(ticking.id, { graceSeconds: 5 }), bench.hosts.start(bench.specOf(''))];
      for (const call of calls) {
        const { error, ms } = await failure(call);
        expect(error.code).toBe('hosts.unreachable');
        expect(ms).toBeLessThan(AT_ONCE_MS);
      }
      await othersGoOn(bench.hosts);
      await until(() => Date.now() - begun > 3_000, { what: 'the brief one has ended' });
      seen = ticks.length;
    } finally {
      await faults.mend();
    }
    await bench.untilHost('ready');
    expect(await bench.find(ticking.id)).toMatchObject({ state: 'running', startedAt: ticking.startedAt });
    const exits = () => events.filter(({ kind, instance }) => kind === 'exited' && instance.id === brief.id);
    await until(() => exits().length > 0, { what: 'the exit is told' });
    expect(exits()[0]!.instance.exit).toMatchObject({ code: 4 });
    await until(() => ticks.length > seen + 50, { what: 'its log goes on', withinMs: 20_000 });
    stop.abort();
    await following;
    const numbers = ticks.filter((text) => text.startsWith('tick ')).map((text) => Number(text.slice(5)));
    expect(numbers).toEqual(numbers.map((_, i) => i + 1));
    const told = events.filter(({ instance }) => instance.host === bench.fixture.host);
    expect(told.map(({ kind, instance }) => [kind, instance.id])).toEqual([
      ['started', ticking.id],
      ['started', brief.id],
      ['exited', brief.id],
    ]);
  }, ['lost and back']);

  bench.promise('a host that hangs holds nobody for ever; what was asked of it may be asked again when it moves', async () => {
    const { id } = await bench.startUp(bench.specOf(''));
    const spec = bench.specOf('');
    await faults.pause();
    try {
      const caught = [bench.hosts.start(spec), bench.hosts.stop(id, { graceSeconds: 5 })].map(failure);
      await bench.untilHost('unknown');
      for (const { error } of await Promise.all(caught)) expect(error.code).toBe('hosts.unreachable');
      expect(await bench.find(id)).toMatchObject({ state: 'unknown' });
      await othersGoOn(bench.hosts);
    } finally {
      await faults.resume();
    }
    await bench.untilHost('ready');
    expect(await bench.hosts.start(spec)).toMatchObject({ id: spec.id, state: 'running' });
    await bench.hosts.stop(id, { graceSeconds: 5 });
    expect(await bench.find(id)).toMatchObject({ state: 'exited' });
  }, ['paused']);

  const { openRefused } = faults;
  if (openRefused === undefined) return;
  bench.promise('credentials that a host does not take are told as that', async () => {
    const hosts = await bench.openAnother(openRefused);
    const refusal = async () => {
      const { error } = await failure(hosts.start(bench.specOf('')));
      return error.code === 'hosts.refused' ? error : undefined;
    };
    const error = await until(refusal, { what: 'it is refused', withinMs: 30_000 });
    expect(await hosts.hosts()).toMatchObject([{ state: 'unknown' }]);
    expect(error.message).toContain(bench.fixture.host);
    expect(`${error.message}${error.stack}`).not.toMatch(/PRIVATE KEY/);
    await hosts.close();
  }, ['wrong credentials']);
}
