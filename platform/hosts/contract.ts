import { randomUUID } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { until } from '../../test/until';
import { hasCode } from '../errors';
import type { Hosts, Instance, InstanceEvent, InstanceSpec, LogLine } from './hosts';

/** What an adapter's test prepares. */
export interface HostsFixture {
  open(): Promise<Hosts>;
  /** An image with `testProgram`, and the command that runs it. */
  readonly image: string;
  readonly command: readonly string[];
  readonly host: string;
  /** Address of the test itself as instances reach it. */
  readonly tester: string;
  close(): Promise<void>;
}

/**
 * Program of the test image, for Node. It keeps a connection to the tester open, over which its name comes, so that
 * the tester sees when it is gone, wherever it runs. What it does is said by MODE.
 */
export const testProgram = `
const net = require('node:net'), http = require('node:http'), { spawn } = require('node:child_process');
const { MODE = '', TESTER_HOST, TESTER_PORT, PORT, HOST } = process.env;
const beacon = (name) => TESTER_PORT && net.connect(Number(TESTER_PORT), TESTER_HOST, function () { this.write(name + '\\n'); }).on('error', () => {});
if (MODE.includes('exit')) { console.log('leaving'); console.error('because'); process.exit(Number(process.env.CODE)); }
if (MODE.includes('deaf')) process.on('SIGTERM', () => console.log('heard SIGTERM'));
else process.on('SIGTERM', () => { console.log('finishing'); setTimeout(() => process.exit(0), 50); });
if (MODE.includes('parent')) spawn(process.execPath, [__filename], { env: { ...process.env, MODE: 'deaf', PORT: '', NAME: 'child' }, detached: MODE.includes('astray'), stdio: 'inherit' });
if (MODE.includes('lines')) for (let i = 1; i <= 50; i++) console.log('line ' + i);
if (MODE.includes('json')) console.log(JSON.stringify({ level: 'info', time: '2026-01-02T03:04:05.678Z', msg: 'structured' }));
if (MODE.includes('huge')) console.log('x'.repeat(100000));
const up = () => { beacon(process.env.NAME || 'main'); console.log('up'); };
if (PORT) http.createServer((request, response) => {
  if (request.url === '/crash') process.kill(process.pid, 'SIGKILL');
  if (request.url === '/say') console.log('said');
  response.end(JSON.stringify({ instance: process.env.EDWIN_INSTANCE, value: process.env.VALUE }));
}).listen(Number(PORT), HOST, up);
else { setInterval(() => {}, 1000); up(); }
`;

export function hostsContract(name: string, prepare: () => Promise<HostsFixture>): void {
  describe(`${name} keeps the promises of hosts`, () => {
    let fixture: HostsFixture;
    let hosts: Hosts;
    let tester: Tester;

    beforeAll(async () => {
      fixture = await prepare();
      tester = await openTester(fixture.tester);
    });
    beforeEach(async () => {
      hosts = await fixture.open();
      tester.forget();
    });
    afterEach(async () => {
      for (const { id } of await hosts.instances()) {
        await hosts.stop(id, { graceSeconds: 0 });
        await hosts.remove(id);
      }
      await hosts.close();
    });
    afterAll(async () => {
      await tester.close();
      await fixture.close();
    });

    const specOf = (
      mode: string,
      more: Partial<InstanceSpec> & { env?: Record<string, string> } = {},
    ): InstanceSpec => ({
      id: `web-${randomUUID().slice(0, 8)}`,
      host: fixture.host,
      labels: { environment: 'stage', service: 'web', release: 7, operation: '12' },
      image: fixture.image,
      command: fixture.command,
      listens: false,
      memoryMb: 64,
      cpus: 0.1,
      ...more,
      env: {
        PATH: process.env['PATH'] ?? '',
        MODE: mode,
        TESTER_HOST: fixture.tester,
        TESTER_PORT: String(tester.port),
        ...more.env,
      },
    });
    const startUp = async (spec: InstanceSpec): Promise<Instance> => {
      const instance = await hosts.start(spec);
      await tester.here('main');
      return instance;
    };
    const find = async (id: string): Promise<Instance | undefined> =>
      (await hosts.instances()).find((each) => each.id === id);
    const exited = (id: string) =>
      until(async () => ((await find(id))?.state === 'exited' ? find(id) : undefined), { what: `${id} exited` });
    const texts = async (id: string, tail: number) => (await all(hosts.logs(id, { tail }))).map(({ text }) => text);

    test('names its hosts and what they have', async () => {
      const host = (await hosts.hosts()).find(({ name: each }) => each === fixture.host);
      expect(host).toMatchObject({ state: 'ready' });
      expect(host!.cpus).toBeGreaterThan(0);
      expect(host!.memoryMb).toBeGreaterThan(0);
    });

    test('an instance listens at its address, has its environment, and is listed with its labels', async () => {
      const spec = specOf('', { listens: true, env: { VALUE: 'a secret of 7' } });
      const instance = await startUp(spec);
      const answer = await fetch(`http://${instance.address!.host}:${instance.address!.port}/`);
      expect(await answer.json()).toEqual({ instance: spec.id, value: 'a secret of 7' });
      expect(await find(spec.id)).toMatchObject({
        id: spec.id,
        host: fixture.host,
        labels: spec.labels,
        image: spec.image,
        state: 'running',
        exit: undefined,
      });
      expect(JSON.stringify(await hosts.instances())).not.toContain('a secret of 7');
    });

    test('two instances never have the same port', async () => {
      const started = await Promise.all(Array.from({ length: 4 }, () => hosts.start(specOf('', { listens: true }))));
      expect(new Set(started.map(({ address }) => address!.port)).size).toBe(4);
    });

    test('lists by any of the labels', async () => {
      const spec = specOf('', { labels: { environment: 'prod', service: 'web', release: 8, operation: 'keeper' } });
      await hosts.start(spec);
      await hosts.start(specOf(''));
      expect((await hosts.instances({ environment: 'prod' })).map(({ id }) => id)).toEqual([spec.id]);
      expect((await hosts.instances({ release: 8, service: 'web' })).map(({ id }) => id)).toEqual([spec.id]);
      expect(await hosts.instances({ release: 8, environment: 'stage' })).toEqual([]);
      expect(await hosts.instances()).toHaveLength(2);
    });

    test('the same id twice is one instance, also when both ask at once and through two openings', async () => {
      const other = await fixture.open();
      const spec = specOf('', { listens: true });
      const [first, second, third] = await Promise.all([hosts.start(spec), hosts.start(spec), other.start(spec)]);
      const later = await hosts.start(spec);
      expect([second, third, later].map(({ address }) => address)).toEqual(
        [first, first, first].map(({ address }) => address),
      );
      await tester.here('main');
      expect(await hosts.instances()).toHaveLength(1);
      expect(tester.seen()).toEqual(['main']);
      await other.close();
    });

    test('an id that has exited is returned with its exit, and nothing is started', async () => {
      const spec = specOf('exit', { env: { CODE: '3' } });
      await hosts.start(spec);
      await exited(spec.id);
      expect(await hosts.start(spec)).toMatchObject({ state: 'exited', exit: { code: 3 } });
    });

    test('an exit is told with its code, and the instance stays listed with its log until it is removed', async () => {
      const events: InstanceEvent[] = [];
      hosts.watch((event) => events.push(event));
      const spec = specOf('exit', { env: { CODE: '3' } });
      await hosts.start(spec);
      await until(() => events.some(({ kind }) => kind === 'exited'), { what: 'the exit is told', withinMs: 5_000 });
      expect(events.map(({ kind, instance }) => [kind, instance.id])).toEqual([
        ['started', spec.id],
        ['exited', spec.id],
      ]);
      expect(await find(spec.id)).toMatchObject({ state: 'exited', exit: { code: 3, signal: undefined } });
      expect(
        (await all(hosts.logs(spec.id, { tail: 10 }))).map(({ stream, text }) => `${stream} ${text}`).sort(),
      ).toEqual(['stderr because', 'stdout leaving']);
      await hosts.remove(spec.id);
      expect(await find(spec.id)).toBeUndefined();
    });

    test('a crash is told with its signal', async () => {
      const instance = await startUp(specOf('', { listens: true }));
      await fetch(`http://${instance.address!.host}:${instance.address!.port}/crash`).catch(() => undefined);
      const { exit } = (await exited(instance.id))!;
      expect(['SIGKILL', 137]).toContain(exit!.signal ?? exit!.code);
    });

    test('what a crashed instance leaves behind is ended too', async () => {
      const instance = await startUp(specOf('parent', { listens: true }));
      await tester.here('child');
      await fetch(`http://${instance.address!.host}:${instance.address!.port}/crash`).catch(() => undefined);
      await exited(instance.id);
      await tester.gone('child');
    });

    test('stop lets an instance finish within its grace', async () => {
      const { id } = await startUp(specOf(''));
      await hosts.stop(id, { graceSeconds: 10 });
      expect(await find(id)).toMatchObject({ state: 'exited', exit: { code: 0 } });
      expect(await texts(id, 10)).toContain('finishing');
    });

    test('stop kills an instance that does not listen, with all its children', async () => {
      const { id } = await startUp(specOf('deaf parent'));
      await tester.here('child');
      await hosts.stop(id, { graceSeconds: 0.3 });
      expect(await find(id)).toMatchObject({ state: 'exited' });
      expect(await texts(id, 10)).toContain('heard SIGTERM');
      await tester.gone('main');
      await tester.gone('child');
    });

    test('stop ends children that went their own way, also when the instance itself finishes well', async () => {
      const { id } = await startUp(specOf('parent astray'));
      await tester.here('child');
      await hosts.stop(id, { graceSeconds: 0.5 });
      await tester.gone('child');
    });

    test('stop and remove are content when there is nothing left to do', async () => {
      const { id } = await startUp(specOf(''));
      await Promise.all([hosts.stop(id, { graceSeconds: 5 }), hosts.stop(id, { graceSeconds: 5 })]);
      await hosts.stop(id, { graceSeconds: 5 });
      await hosts.remove(id);
      await hosts.stop(id, { graceSeconds: 5 });
      await hosts.remove(id);
    });

    test('an instance that runs can not be removed', async () => {
      const { id } = await startUp(specOf(''));
      await expect(hosts.remove(id)).rejects.toMatchObject({ code: 'hosts.still-running' });
      expect(await find(id)).toMatchObject({ state: 'running' });
    });

    test('instances outlive the controller and are found, watched, read and stopped by the next one', async () => {
      const spec = specOf('deaf', { listens: true });
      const before = await startUp(spec);
      await hosts.close();
      hosts = await fixture.open();
      expect(await find(spec.id)).toEqual(before);
      expect(await hosts.start(spec)).toEqual(before);
      expect(await texts(spec.id, 5)).toContain('up');
      const events: InstanceEvent[] = [];
      hosts.watch((event) => events.push(event));
      await hosts.stop(spec.id, { graceSeconds: 0 });
      await until(() => events.some(({ kind }) => kind === 'exited'), { what: 'the exit is told' });
      expect(events.map(({ kind }) => kind)).toEqual(['exited']);
    });

    test('logs give the newest lines, oldest first', async () => {
      const { id } = await startUp(specOf('lines'));
      await until(async () => (await texts(id, 1))[0] === 'up', { what: 'the last line is there' });
      expect(await texts(id, 4)).toEqual(['line 48', 'line 49', 'line 50', 'up']);
      expect(await texts(id, 0)).toEqual([]);
      expect((await texts(id, 1000)).length).toBe(51);
    });

    test('logs pass structured lines as they are and cut huge ones', async () => {
      const { id } = await startUp(specOf('json huge'));
      const lines = await until(
        async () => {
          const found = await all(hosts.logs(id, { tail: 10 }));
          return found.length === 3 ? found : undefined;
        },
        { what: 'three lines' },
      );
      expect(JSON.parse(lines[0]!.text)).toMatchObject({ msg: 'structured' });
      expect(lines[1]!.text.length).toBeLessThan(17_000);
      expect(lines[2]!.text).toBe('up');
    });

    test('logs follow until they are told to stop', async () => {
      const instance = await startUp(specOf('lines', { listens: true }));
      const stop = new AbortController();
      const followed: string[] = [];
      const following = (async () => {
        for await (const { text } of hosts.logs(instance.id, { tail: 1, follow: true, signal: stop.signal }))
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

    test('following ends with the instance', async () => {
      const { id } = await startUp(specOf(''));
      const followed = all(hosts.logs(id, { tail: 10, follow: true }));
      await hosts.stop(id, { graceSeconds: 5 });
      expect((await followed).map(({ text }) => text)).toEqual(['up', 'finishing']);
    });

    test('refuses what it can not start, by name and reason, without the values of the environment', async () => {
      const failure = async (spec: InstanceSpec) =>
        hosts.start(spec).then(
          () => undefined,
          (error: Error) => error,
        );
      const env = { VALUE: 'a secret of 7' };
      expect(hasCode(await failure(specOf('', { host: 'nowhere', env })), 'hosts.unknown-host')).toBe(true);
      for (const more of [
        { image: `sha256:${'0'.repeat(64)}` },
        { command: ['/no/such/program'] },
        { id: 'No Good' },
      ]) {
        const error = await failure(specOf('', { ...more, env }));
        expect(hasCode(error, 'hosts.start-failed')).toBe(true);
        expect(`${error!.message}${JSON.stringify(error)}`).not.toContain('a secret of 7');
      }
      expect(await hosts.instances()).toEqual([]);
      await expect(all(hosts.logs('nobody-1', { tail: 1 }))).rejects.toMatchObject({ code: 'hosts.unknown-instance' });
    });
  });
}

async function all(lines: AsyncIterable<LogLine>): Promise<LogLine[]> {
  const found: LogLine[] = [];
  for await (const line of lines) found.push(line);
  return found;
}

/** Sees the instances come and go by the connections they hold. */
interface Tester {
  readonly port: number;
  here(name: string): Promise<unknown>;
  gone(name: string): Promise<unknown>;
  seen(): string[];
  forget(): void;
  close(): Promise<void>;
}

async function openTester(host: string): Promise<Tester> {
  let connected: { name: string; socket: Socket }[] = [];
  const server: Server = createServer((socket) => {
    const entry = { name: '', socket };
    connected.push(entry);
    socket.on('data', (data) => (entry.name += data.toString().trim()));
    socket.on('error', () => undefined);
    socket.on('close', () => (connected = connected.filter((each) => each !== entry)));
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    port: (server.address() as { port: number }).port,
    here: (name) => until(() => connected.some((each) => each.name === name), { what: `${name} is up` }),
    gone: (name) => until(() => !connected.some((each) => each.name === name), { what: `${name} is gone` }),
    seen: () => connected.map(({ name }) => name),
    forget: () => {
      connected = [];
    },
    close: () => {
      for (const { socket } of connected) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
