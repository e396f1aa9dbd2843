import { kill } from '../../test/faults/agreement';
import { type Operator, openOperator } from '../../test/faults/operator';
import { type Controller, createWorld, openController, type World } from '../../test/faults/world';
import { until } from '../../test/until';
import { openPool, type Pool } from '../database/postgres';
import { setCapacity } from './capacity';

let world: World;
let pool: Pool;
let one: Controller;
let ada: Operator;
let release: number;

beforeAll(async () => {
  world = await createWorld();
  pool = openPool(world.address.control);
  one = await openController(world.address, 'one');
  await one.fleet.start();
  ada = openOperator(world, () => one);
  for (const service of ['web', 'jobs']) {
    release = await ada.build(service, 'well', service);
    expect(await ada.operate({ service })).toMatchObject({ state: 'done' });
  }
});
afterAll(async () => {
  await one?.close();
  await pool?.end();
  await world?.close();
});

test.each(['web', 'jobs'])(
  'a killed instance of %s is replaced, and edge and registry know the new one only',
  async (service) => {
    await ada.agreed(release, service);
    const [victim, other] = (await ada.cell(service)).instances;
    kill(world.address, victim!.id);
    await until(async () => !(await ada.cell(service)).instances.some(({ id }) => id === victim!.id), {
      what: 'its end is noticed',
    });
    await ada.agreed(release, service);
    const ids = (await ada.cell(service)).instances.map(({ id }) => id);
    expect(ids).toContain(other!.id);
    expect(ids.filter((id) => /-k\d+$/.test(id))).toHaveLength(1);
  },
);

test('requests go on being answered while every instance is killed in turn', async () => {
  await ada.agreed(release);
  const url = one.edge.url({ service: 'web', environment: 'stage' });
  let over = false;
  const asking = (async () => {
    const statuses: number[] = [];
    while (!over) statuses.push((await fetch(url)).status);
    return statuses;
  })();
  for (const { id } of (await ada.cell()).instances) {
    kill(world.address, id);
    await until(async () => !(await ada.cell()).instances.some((instance) => instance.id === id), {
      what: 'its end is noticed',
    });
    await ada.agreed(release);
  }
  over = true;
  expect(new Set(await asking)).toEqual(new Set([200]));
});

test('what the ledger wants is what runs', async () => {
  await setCapacity(pool, 'web', 'stage', { wanted: 3, min: 0, max: 4 }, 'ada', 'exam day');
  await until(async () => (await ada.cell()).instances.length === 3, { what: 'three run' });
  await ada.agreed(release);
  await setCapacity(pool, 'web', 'stage', { wanted: 2, min: 0, max: 4 }, 'ada', 'after the exam');
  await ada.agreed(release);
});

test('a controller that comes back adopts what runs and starts what is missing', async () => {
  await ada.agreed(release);
  const [victim, other] = (await ada.cell()).instances;
  await one.close();
  kill(world.address, victim!.id);
  one = await openController(world.address, 'one again');
  await one.fleet.start();
  await ada.agreed(release);
  expect((await ada.cell()).instances.map(({ id }) => id)).toContain(other!.id);
});

test('an instance that belongs to nothing is reported and left alone; a leftover of an operation is stopped', async () => {
  await ada.agreed(release);
  const template = (await one.hosts.instances({ service: 'web', environment: 'stage' }))[0]!;
  const start = (id: string, operation: string) =>
    one.hosts.start({
      id,
      host: template.host,
      labels: { environment: 'stage', service: 'web', release: 99, operation },
      image: template.image,
      command: ['node', 'web.js'],
      env: { PATH: process.env['PATH'] ?? '' },
      listens: true,
      memoryMb: 16,
      cpus: 0.1,
    });
  await start('stranger', '987654');
  await start('leftover', '1');
  const stateOf = async (id: string) => (await one.hosts.instances()).find((instance) => instance.id === id)?.state;
  await until(async () => (await stateOf('leftover')) === 'exited', { what: 'the leftover is stopped' });
  expect(await stateOf('stranger')).toBe('running');
  expect((await ada.cell()).drift).toEqual(['stranger (release 99) belongs to nothing that serves']);
  await one.hosts.stop('stranger', { graceSeconds: 1 });
  await ada.agreed(release);
});

test('what runs and is in no catalog is shown, as that, and left alone', async () => {
  const template = (await one.hosts.instances({ service: 'web', environment: 'stage' }))[0]!;
  for (const [id, service, environment] of [
    ['removed-1', 'removed', 'stage'],
    ['web-9', 'web', 'elsewhere'],
  ] as const) {
    await one.hosts.start({
      id,
      host: template.host,
      labels: { environment, service, release: 3, operation: '987654' },
      image: template.image,
      command: ['node', 'web.js'],
      env: {},
      listens: true,
      memoryMb: 16,
      cpus: 0.1,
    });
  }
  const strange = async () =>
    (await one.fleet.status())
      .filter(({ service, environment }) => service === 'removed' || environment === 'elsewhere')
      .map(({ service, environment, drift }) => [service, environment, drift]);
  expect(await strange()).toEqual([
    [
      'removed',
      'stage',
      ['the catalog has no service removed', 'removed-1 (release 3) belongs to nothing that serves'],
    ],
    [
      'web',
      'elsewhere',
      ['the catalog has no environment elsewhere', 'web-9 (release 3) belongs to nothing that serves'],
    ],
  ]);
  for (const id of ['removed-1', 'web-9']) {
    await one.hosts.stop(id, { graceSeconds: 1 });
    await one.hosts.remove(id);
  }
  expect(await strange()).toEqual([]);
  await ada.agreed(release);
});

test('status of all cells is told within milliseconds', async () => {
  await one.fleet.status();
  const times: number[] = [];
  for (let i = 0; i < 20; i++) {
    const begun = performance.now();
    await one.fleet.status();
    times.push(performance.now() - begun);
  }
  times.sort((a, b) => a - b);
  expect(times[10]).toBeLessThan(100);
});
