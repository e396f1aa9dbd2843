import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { until } from '../../test/until';
import { silent } from '../log';
import { identify } from '../process';
import { groupMembers, processesWith } from '../process-group';
import { hostsContract } from './contract';
import { testProgram } from './contract-program';
import type { Hosts, InstanceSpec } from './hosts';
import { localHost, openLocalHosts } from './local';
import { openHosts } from './open';

const digest = `sha256:${createHash('sha256').update(testProgram).digest('hex')}`;

function prepareFolders() {
  const data = mkdtempSync(join(tmpdir(), 'edwin-hosts-'));
  const image = join(data, 'images', ...digest.split(':'));
  mkdirSync(image, { recursive: true });
  writeFileSync(join(image, 'program.js'), testProgram);
  return { data, instances: join(data, 'instances'), remove: () => rmSync(data, { recursive: true, force: true }) };
}

hostsContract('local', async () => {
  const folders = prepareFolders();
  const here = 'instances are processes of this machine: nothing lies between them and the controller';
  return {
    version: `Node ${process.versions.node}`,
    meaningless: {
      redelivery: 'nothing is delivered',
      unreachable: here,
      'lost and back': here,
      paused: here,
      'wrong credentials': here,
      'another environment': 'processes of one machine are not kept from each other',
    },
    open: () => openHosts('local:', { data: folders.data, log: silent }),
    image: digest,
    command: ['node', 'program.js'],
    host: 'local',
    tester: '127.0.0.1',
    close: async () => folders.remove(),
  };
});

describe('local hosts', () => {
  let folders: ReturnType<typeof prepareFolders>;
  let hosts: Hosts;
  const open = () =>
    openLocalHosts({ folder: folders.instances, imagesFolder: join(folders.data, 'images'), log: silent });
  const specOf = (mode: string, more: Partial<InstanceSpec> = {}): InstanceSpec => ({
    id: `web-${randomUUID().slice(0, 8)}`,
    host: 'local',
    labels: { environment: 'stage', service: 'web', release: 1, operation: '1' },
    image: digest,
    command: ['node', 'program.js'],
    env: { MODE: mode, SECRET: 'a secret of 7' },
    listens: false,
    memoryMb: 64,
    cpus: 0.1,
    ...more,
  });
  const lastLine = async (id: string): Promise<string | undefined> => {
    for await (const { text } of hosts.logs(id, { tail: 1 })) return text;
    return undefined;
  };
  const started = async (spec: InstanceSpec) => {
    const instance = await hosts.start(spec);
    await until(async () => (await lastLine(spec.id)) === 'up', { what: `${spec.id} is up` });
    return instance;
  };
  const recordOf = (id: string, file: string) => JSON.parse(readFileSync(join(folders.instances, id, file), 'utf8'));

  beforeEach(async () => {
    folders = prepareFolders();
    hosts = await open();
  });
  afterEach(async () => {
    for (const { id } of await hosts.instances()) await hosts.stop(id, { graceSeconds: 0 });
    await hosts.close();
    folders.remove();
  });

  test('write no value of the environment to the disk', async () => {
    const { id } = await started(specOf('lines'));
    for (const file of readdirSync(join(folders.instances, id))) {
      expect(readFileSync(join(folders.instances, id, file), 'utf8')).not.toContain('a secret of 7');
    }
  });

  test('several virtual hosts share the machine', async () => {
    const several = await openHosts('local:3', { data: folders.data, log: silent });
    expect((await several.hosts()).map(({ name }) => name)).toEqual(['local-1', 'local-2', 'local-3']);
    const { id } = await several.start(specOf('', { host: 'local-2' }));
    expect((await several.instances())[0]).toMatchObject({ id, host: 'local-2' });
    await several.close();
    await expect(openHosts('podman://engine', { data: folders.data, log: silent })).rejects.toMatchObject({
      code: 'config.invalid',
    });
    expect(localHost('a').name).toBe('a');
  });

  test('a number the system gave to another process is not taken for the instance', async () => {
    const spec = specOf('');
    await started(spec);
    await hosts.close();
    const { process: real } = recordOf(spec.id, 'started.json');
    // As after a crash of the machine: the number now belongs to somebody else, here to this test.
    const stranger = { ...identify(process.pid)!, start: 'before' };
    writeFileSync(
      join(folders.instances, spec.id, 'started.json'),
      JSON.stringify({ process: stranger, at: new Date().toISOString() }),
    );
    hosts = await open();
    expect((await hosts.instances())[0]).toMatchObject({
      state: 'exited',
      exit: { code: undefined, signal: undefined },
    });
    await hosts.stop(spec.id, { graceSeconds: 0 });
    // What carries the instance's mark is still ended as its own.
    expect(identify(real.pid)).toBeUndefined();
  });

  test('an instance whose controller died before it wrote down the process is found, not started twice', async () => {
    const spec = specOf('', { listens: true });
    const before = await started(spec);
    await hosts.close();
    const dead = { pid: 4_000_000, start: '1' };
    writeFileSync(
      join(folders.instances, spec.id, 'intent.json'),
      JSON.stringify({ ...recordOf(spec.id, 'intent.json'), owner: dead }),
    );
    const { process: real } = recordOf(spec.id, 'started.json');
    rmSync(join(folders.instances, spec.id, 'started.json'));
    hosts = await open();
    const after = await hosts.start(spec);
    expect(after.address).toEqual(before.address);
    expect(recordOf(spec.id, 'started.json').process).toEqual(real);
    expect(processesWith('EDWIN_MARK', recordOf(spec.id, 'intent.json').mark)).toEqual([real.pid]);
  });

  test('an intent of a dead controller that started nothing is started by the next who asks, and else forgotten', async () => {
    const [wanted, other] = [specOf(''), specOf('')];
    await hosts.close();
    for (const { env: _, ...spec } of [wanted, other]) {
      mkdirSync(join(folders.instances, spec.id), { recursive: true });
      writeFileSync(
        join(folders.instances, spec.id, 'intent.json'),
        JSON.stringify({ spec, mark: randomUUID(), owner: { pid: 4_000_000, start: '1' } }),
      );
    }
    hosts = await open();
    await started(wanted);
    expect((await hosts.instances()).map(({ id }) => id)).toEqual([wanted.id]);
    expect(readdirSync(folders.instances)).toEqual([wanted.id]);
  });

  test('instances live on when their controller is killed, and their end is noticed by the next', async () => {
    const spec = specOf('', { listens: true });
    const script = `
      const { openLocalHosts } = require('./platform/hosts/local.ts');
      const { silent } = require('./platform/log.ts');
      openLocalHosts({ folder: process.env.FOLDER, imagesFolder: process.env.IMAGES, log: silent })
        .then((hosts) => hosts.start(JSON.parse(process.env.SPEC))).then(() => process.kill(process.pid, 'SIGKILL'));`;
    const controller = spawn(process.execPath, ['-r', './test/typescript.js', '-e', script], {
      cwd: resolve(__dirname, '../..'),
      env: {
        PATH: process.env['PATH'],
        FOLDER: folders.instances,
        IMAGES: join(folders.data, 'images'),
        SPEC: JSON.stringify(spec),
      },
    });
    await new Promise((done) => controller.once('exit', done));
    const [instance] = await until(
      async () => {
        const found = await hosts.instances();
        return found.length > 0 ? found : undefined;
      },
      { what: 'the instance is found' },
    );
    expect(instance).toMatchObject({ id: spec.id, state: 'running' });
    await until(async () => (await fetch(`http://127.0.0.1:${instance!.address!.port}/`)).ok, { what: 'it answers' });
    const seen: string[] = [];
    hosts.watch(({ kind }) => seen.push(kind));
    process.kill(recordOf(spec.id, 'started.json').process.pid, 'SIGKILL');
    await until(() => seen.includes('exited'), { what: 'the exit is noticed', withinMs: 1_500 });
    expect((await hosts.instances())[0]).toMatchObject({ exit: { code: undefined, signal: undefined } });
  });

  test('the instance leads a process group of its own', async () => {
    const { id } = await started(specOf(''));
    const { process: leader } = recordOf(id, 'started.json');
    expect(groupMembers(leader.pid)).toEqual([leader.pid]);
  });

  test('a log is cut when it grows, and followed over the cut without loss', async () => {
    const { id } = await started(specOf(''));
    const file = join(folders.instances, id, 'stdout.log');
    const stop = new AbortController();
    let [count, last] = [0, ''];
    const following = (async () => {
      for await (const { text } of hosts.logs(id, { tail: 1, follow: true, signal: stop.signal }))
        [count, last] = [count + 1, text];
    })();
    await until(() => count === 1, { what: 'the log is followed' });
    const line = 'y'.repeat(999);
    for (let round = 0; round < 3; round++) {
      appendFileSync(file, Array.from({ length: 4200 }, (_, i) => `${round} ${i} ${line}\n`).join(''));
      await until(() => statSync(file).size < 1_000_000, { what: 'the log is cut', withinMs: 5_000 });
      await until(() => count === (round + 1) * 4200 + 1, { what: 'all lines of the round are read' });
    }
    appendFileSync(file, 'the end\n');
    await until(() => last === 'the end', { what: 'the last line is read' });
    stop.abort();
    await following;
    expect(count).toBe(3 * 4200 + 2);
    const kept = readdirSync(join(folders.instances, id)).reduce(
      (sum, name) => sum + statSync(join(folders.instances, id, name)).size,
      0,
    );
    expect(kept).toBeLessThan(20_000_000);
  });
});
