import type { ContainerInspectInfo } from 'dockerode';
import { containerOf, instanceOf } from './docker-container';
import type { InstanceSpec } from './hosts';

const spec: InstanceSpec = {
  id: 'web-1',
  host: 'h1',
  labels: { environment: 'stage', service: 'web', release: 7, operation: '12' },
  image: `sha256:${'a'.repeat(64)}`,
  command: undefined,
  env: { SECRET: 'xyz' },
  listens: true,
  memoryMb: 100,
  cpus: 0.25,
};
const place = { name: 'h1', address: 'app-1', reach: 'port' as const, networks: 'edwin', bridge: 'own' as const };
const made = (changes: Partial<InstanceSpec> = {}, imageUser = '', cpus = 4) =>
  containerOf({ ...spec, ...changes }, { host: { ...place, bind: '10.0.0.1' }, cpus, imageUser });

test('without a command the image runs its own; with one nothing of the image’s is left', () => {
  expect(made().Entrypoint).toBeUndefined();
  expect(made({ command: ['node', 'web.js'] }).Entrypoint).toEqual(['node', 'web.js']);
});

test.each([
  ['', '65534:65534'],
  ['root', '65534:65534'],
  ['0:0', '65534:65534'],
  ['node', 'node'],
  ['1000:1000', '1000:1000'],
])('an image of user "%s" runs as %s', (imageUser, expected) => {
  expect(made({}, imageUser).User).toBe(expected);
});

test.each([
  [0.25, 4, 256, 1e9],
  [1.5, 4, 1536, 3e9],
  [4, 4, 4096, 4e9],
  [0.25, 0.5, 256, 0.5e9],
])('%s of %s processors are a weight of %s and at most %s', (cpus, there, shares, nano) => {
  expect(made({ cpus }, '', there).HostConfig).toMatchObject({ CpuShares: shares, NanoCpus: nano });
});

test('its time to finish is that of the engine, too', () => {
  expect([made().StopTimeout, made({ stopGraceSeconds: 120 }).StopTimeout]).toEqual([25, 120]);
});

const found = (
  state: Partial<ContainerInspectInfo['State']>,
  labels: Record<string, string> = made().Labels!,
  host: Parameters<typeof instanceOf>[1] = place,
) =>
  instanceOf(
    {
      Name: '/web-1',
      Image: 'sha256:b',
      Config: { Labels: labels },
      State: { Status: 'exited', StartedAt: '2026-01-01T00:00:00Z', FinishedAt: '2026-01-01T00:01:00Z', ...state },
      NetworkSettings: {
        Ports: { '9/tcp': null, '8080/tcp': [{ HostIp: '', HostPort: '32768' }] },
        Networks: { 'edwin-stage': { IPAddress: '172.20.0.2' } },
      },
    } as unknown as ContainerInspectInfo,
    host,
  );

test.each([
  [{ ExitCode: 3 }, { code: 3, signal: undefined }],
  [{ ExitCode: 137 }, { code: undefined, signal: 'SIGKILL' }],
  [{ ExitCode: 143 }, { code: undefined, signal: 'SIGTERM' }],
  [
    { ExitCode: 137, OOMKilled: true },
    { signal: 'SIGKILL', outOfMemory: true },
  ],
  [{ ExitCode: 255 }, { code: undefined, signal: undefined }],
])('an end with %j is %j', (state, exit) => {
  expect(found(state)!.exit).toMatchObject({ ...exit, at: new Date('2026-01-01T00:01:00Z') });
});

test('inside the network nothing is published, and it is reached at its own address', () => {
  const inside = { ...place, reach: 'network' as const, bind: '' };
  const { HostConfig } = containerOf(spec, { host: inside, cpus: 1, imageUser: '' });
  expect(HostConfig).toMatchObject({ NetworkMode: 'edwin-stage' });
  expect(HostConfig!.PortBindings).toBeUndefined();
  expect(found({ Status: 'running' }, undefined, inside)!.address).toEqual({ host: '172.20.0.2', port: 8080 });
});

test('where it listens is the host’s address, as long as it runs', () => {
  expect(found({ Status: 'running' })).toMatchObject({ state: 'running', address: { host: 'app-1', port: 32768 } });
  expect(found({})!.address).toBeUndefined();
});

test('what was never started, or has other labels, is no instance', () => {
  expect(found({ Status: 'created' })).toBeUndefined();
  expect(found({}, { 'edwin.environment': 'stage' })).toBeUndefined();
  expect(found({}, { ...made().Labels, 'edwin.release': 'seven' })).toBeUndefined();
});
