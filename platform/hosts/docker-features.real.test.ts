import { randomUUID } from 'node:crypto';
import { onEngines } from '../../test/engines/engine';
import { until } from '../../test/until';
import { type Engines, openEngines } from '../docker/engines';
import { releaseTag } from '../docker/release-tag';
import { silent } from '../log';
import { containerOf } from './docker-container';
import { ensureNetwork } from './docker-network';
import { entriesOf, hostsFolder, putTestImage, writeHosts } from './fixture-docker';
import type { Hosts, Instance, InstanceEvent, InstanceSpec } from './hosts';
import { openHosts } from './open';

/**
 * What only Docker has, on two of the test's hosts.
 * @seconds 40
 */
onEngines(['hosts'], ({ hosts: engine }) => {
  const { folder, remove } = hostsFolder();
  const entries = entriesOf(engine.setting('EDWIN_TEST_HOSTS'), engine.setting('EDWIN_TEST_HOSTS_TLS')).slice(0, 2);
  const [first, second] = entries as [(typeof entries)[0], (typeof entries)[0]];
  const url = writeHosts(folder, entries);
  const disturb = (verb: string) => engine.control(verb, first.name.replace('h', ''));
  let engines: Engines;
  let hosts: Hosts;
  let image: string;
  let events: InstanceEvent[];
  /** Others may have instances on the same hosts. */
  const ids = new Set<string>();

  beforeAll(async () => {
    engines = openEngines(url, silent);
    image = await putTestImage(engines.list().map(({ host }) => host));
  });
  beforeEach(async () => {
    writeHosts(folder, entries);
    hosts = await openHosts(url, { data: folder, log: silent });
    events = [];
    hosts.watch((event) => {
      if (ids.has(event.instance.id)) events.push(event);
    });
  });
  afterEach(async () => {
    await untilHost('ready');
    for (const { id } of await mine()) {
      await hosts.stop(id, { graceSeconds: 0 });
      await hosts.remove(id);
    }
    await hosts.close();
  });
  afterAll(() => {
    engines.close();
    remove();
  });

  const newId = (): string => {
    const id = `web-${randomUUID().slice(0, 8)}`;
    ids.add(id);
    return id;
  };
  const mine = async (): Promise<Instance[]> => (await hosts.instances()).filter(({ id }) => ids.has(id));
  const specOf = (script: string, more: Partial<InstanceSpec> = {}): InstanceSpec => ({
    id: newId(),
    host: first.name,
    labels: { environment: 'stage', service: 'web', release: 7, operation: '12' },
    image,
    command: ['node', '-e', script],
    env: { SECRET: 'a secret of 7' },
    listens: false,
    memoryMb: 64,
    cpus: 0.1,
    ...more,
  });
  const idle = 'setInterval(() => {}, 1000)';
  const find = async (id: string): Promise<Instance | undefined> =>
    (await hosts.instances()).find((instance) => instance.id === id);
  const exited = (id: string): Promise<Instance> =>
    until(async () => ((await find(id))?.state === 'exited' ? find(id) : undefined), {
      what: `${id} has exited`,
      withinMs: 30_000,
    });
  const linesOf = async (id: string): Promise<string[]> => {
    const lines: string[] = [];
    for await (const { text } of hosts.logs(id, { tail: 100 })) lines.push(text);
    return lines;
  };
  const untilHost = (state: string, name = first.name) =>
    until(async () => (await hosts.hosts()).find((host) => host.name === name)?.state === state, {
      what: `${name} is ${state}`,
      withinMs: 40_000,
    });
  const containerFor = (spec: InstanceSpec) =>
    containerOf(spec, { host: engines.get(spec.host).host, cpus: 2, imageUser: '' });

  test('an instance is nobody, without capabilities, can write to /tmp alone, and has bounds', async () => {
    const script = `
      const { writeFileSync, readFileSync } = require('node:fs');
      const may = (path) => { try { writeFileSync(path, ''); return true; } catch { return false; } };
      const status = Object.fromEntries(readFileSync('/proc/self/status', 'utf8').split('\\n').map((l) => l.split(':\\t')));
      console.log(JSON.stringify({ uid: process.getuid(), caps: status.CapEff, bound: status.CapBnd, more: status.NoNewPrivs,
        root: may('/x'), app: may('/app/x'), tmp: may('/tmp/x'), first: readFileSync('/proc/1/cmdline', 'utf8').split('\\0')[0] }));`;
    const { id } = await hosts.start(specOf(script));
    await exited(id);
    expect(JSON.parse((await linesOf(id))[0]!)).toEqual({
      uid: 65534,
      caps: '0000000000000000',
      bound: '0000000000000000',
      more: '1',
      root: false,
      app: false,
      tmp: true,
      first: '/sbin/docker-init',
    });
    const { HostConfig } = await engines.get(first.name).calls.getContainer(id).inspect();
    expect(HostConfig).toMatchObject({
      Memory: 64 * 1024 * 1024,
      MemorySwap: 64 * 1024 * 1024,
      PidsLimit: 1024,
      CpuShares: 102,
      NanoCpus: 1e9,
    });
  });

  test('on a host of one environment, an instance on the network that Docker itself has is reached as any other', async () => {
    const own = writeHosts(folder, [{ ...first, environments: ['stage'], bridge: 'engine' }], 'bridge.yaml');
    const there = await openHosts(own, { data: folder, log: silent });
    try {
      const answers = `require('node:http').createServer((_, response) => response.end('here')).listen(process.env.PORT)`;
      const { id, address } = await there.start(specOf(answers, { listens: true }));
      const answer = () => fetch(`http://${address!.host}:${address!.port}/`).then((response) => response.text());
      expect(await until(() => answer(), { what: 'the instance answers' })).toBe('here');
      const found = await engines.get(first.name).calls.getContainer(id).inspect();
      expect(Object.keys(found.NetworkSettings.Networks)).toEqual(['bridge']);
    } finally {
      await there.close();
    }
  });

  test('one that was stopped and that somebody starts by hand is told as started again, while it runs', async () => {
    const { id } = await hosts.start(specOf(idle));
    const told = () => events.filter(({ instance }) => instance.id === id).map(({ kind }) => kind);
    await hosts.stop(id, { graceSeconds: 0 });
    await until(() => told().join() === 'started,exited', { what: 'its exit is told' });
    await engines.get(first.name).calls.getContainer(id).start();
    await until(() => told().join() === 'started,exited,started', { what: 'its second start is told' });
  });

  test('values of the environment are in the environment of the container and nowhere else', async () => {
    const { id, address } = await hosts.start(specOf(idle, { listens: true }));
    const found = await engines.get(first.name).calls.getContainer(id).inspect();
    expect(found.Config.Env).toContain('SECRET=a secret of 7');
    found.Config.Env = [];
    expect(JSON.stringify(found)).not.toContain('a secret of 7');
    expect(found.Config.Labels).toMatchObject({
      'edwin.environment': 'stage',
      'edwin.service': 'web',
      'edwin.release': '7',
      'edwin.operation': '12',
      'edwin.image': image,
    });
    expect(found.NetworkSettings.Ports).toEqual({
      '8080/tcp': [{ HostIp: address!.host, HostPort: String(address!.port) }],
    });
  });

  test('one that wants more memory than it may have is told as that', async () => {
    const { id } = await hosts.start(specOf('const all = []; for (;;) all.push(Buffer.alloc(1e6, 1))'));
    expect((await exited(id)).exit).toMatchObject({ signal: 'SIGKILL', outOfMemory: true });
  });

  test('a container that somebody else made with our labels is adopted; others are not seen', async () => {
    const { calls } = engines.get(first.name);
    const spec = specOf(idle);
    const { name, ...ours } = containerFor(spec);
    await ensureNetwork(engines.get(first.name), 'stage');
    await (await calls.createContainer({ ...ours, name: spec.id })).start();
    const other = await calls.createContainer({
      name: 'nobody-s',
      Image: releaseTag(image),
      Cmd: ['node', '-e', idle],
    });
    await other.start();
    try {
      await until(() => events.length > 0, { what: 'its start is told' });
      expect(await mine()).toMatchObject([{ id: spec.id, labels: spec.labels, state: 'running' }]);
      expect(events.map(({ instance }) => instance.id)).toEqual([spec.id]);
      expect(name).toBe(spec.id);
    } finally {
      await other.remove({ force: true });
    }
  });

  test('one that was made by a controller which died before it started it is started by the next who asks, else removed', async () => {
    const { calls } = engines.get(first.name);
    const [wanted, forgotten] = [specOf(idle), specOf(idle)];
    await ensureNetwork(engines.get(first.name), 'stage');
    for (const spec of [wanted, forgotten]) await calls.createContainer(containerFor(spec));
    expect(await mine()).toEqual([]);
    expect(await hosts.start(wanted)).toMatchObject({ id: wanted.id, state: 'running' });
    const clock = jest.spyOn(Date, 'now');
    const now = Date.now();
    clock.mockImplementation(() => now + 61_000);
    try {
      await hosts.instances();
    } finally {
      clock.mockRestore();
    }
    const gone = () =>
      calls
        .getContainer(forgotten.id)
        .inspect()
        .then(
          () => false,
          () => true,
        );
    await until(gone, { what: 'it is removed' });
    expect((await mine()).map(({ id }) => id)).toEqual([wanted.id]);
  });

  test('after a power cut its instances are found as exited, and nothing is started again', async () => {
    const spec = specOf(idle, { listens: true });
    await hosts.start(spec);
    await disturb('off');
    try {
      await untilHost('unknown');
      expect(await find(spec.id)).toMatchObject({ state: 'unknown' });
    } finally {
      await disturb('up');
    }
    await untilHost('ready');
    const { exit, address } = await exited(spec.id);
    expect([exit!.code, exit!.signal, address]).toEqual([undefined, undefined, undefined]);
    expect(events.map(({ kind }) => kind)).toEqual(['started', 'exited']);
    expect(await hosts.start(spec)).toMatchObject({ state: 'exited' });
  });

  test('an engine that was killed and comes back is asked what became of its instances', async () => {
    const { id } = await hosts.start(specOf(idle));
    try {
      // The engine may take its containerd along before the script ends that one too.
      await disturb('crash').catch((error: Error) => expect(error.message).toMatch(/No such process/));
      await untilHost('unknown');
      expect(await find(id)).toMatchObject({ state: 'unknown' });
    } finally {
      await disturb('again');
    }
    await untilHost('ready');
    await until(() => events.some(({ kind }) => kind === 'exited'), { what: 'the exit is told' });
    expect(await find(id)).toMatchObject({ state: 'exited' });
  });

  test('a hosts file is read again when it changes: hosts are drained, taken out and added; mistakes change nothing', async () => {
    await untilHost('ready', second.name);
    const { id } = await hosts.start(specOf(idle));
    writeHosts(folder, [{ ...first, drained: true, zone: 'attic' }]);
    await untilHost('drained');
    expect(await hosts.hosts()).toMatchObject([{ name: first.name, zone: 'attic', state: 'drained' }]);
    expect(await find(id)).toMatchObject({ state: 'running' });
    await expect(hosts.start(specOf(idle, { host: second.name }))).rejects.toMatchObject({
      code: 'hosts.unknown-host',
    });
    writeHosts(folder, [{ ...first, drained: 'perhaps' }, second]);
    writeHosts(folder, [first, second]);
    await untilHost('ready');
    await untilHost('ready', second.name);
    const other = await hosts.start(specOf(idle, { host: second.name }));
    expect(other).toMatchObject({ host: second.name, state: 'running' });
  });

  test('a log is followed over the cuts that bound it, without gap or repetition', async () => {
    const script = `let i = 0; const timer = setInterval(() => {
      for (let k = 0; k < 50; k++) if (++i <= 120000) console.log(i + ' ' + 'y'.repeat(100)); else return clearInterval(timer);
    }, 10);`;
    const { id } = await hosts.start(specOf(script));
    let count = 0;
    for await (const { text } of hosts.logs(id, { tail: 10_000, follow: true })) {
      count += 1;
      if (text !== `${count} ${'y'.repeat(100)}`) expect(text).toBe(`line ${count}`);
    }
    expect(count).toBe(120_000);
  });
});
