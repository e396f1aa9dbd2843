import { openRelay, type Relay } from '../../test/engines/relay';
import { processOf } from '../../test/faults/agreement';
import { type Operator, openOperator } from '../../test/faults/operator';
import { type Controller, createWorld, openController, type World } from '../../test/faults/world';
import { until } from '../../test/until';

let world: World;
let network: Relay;
let one: Controller;
let ada: Operator;
let release: number;

/** Between the fleet and the registry of stage lies a network that can be cut. */
beforeAll(async () => {
  world = await createWorld();
  const stage = new URL(world.address.registries.stage);
  network = await openRelay({ host: stage.hostname, port: Number(stage.port) });
  stage.host = `${network.host}:${network.port}`;
  const registries = { ...world.address.registries, stage: stage.toString() };
  one = await openController({ ...world.address, registries }, 'one');
  ada = openOperator(world, () => one);
  await one.fleet.start();
  release = await ada.build('first');
  expect(await ada.operate()).toMatchObject({ state: 'done' });
});
afterAll(async () => {
  await network?.mend().catch(() => undefined);
  await one?.close();
  await network?.close();
  await world?.close();
});

const ids = async (): Promise<string[]> => (await ada.cell()).instances.map(({ id }) => id).sort();
const states = async (): Promise<string[]> =>
  (await ada.cell()).instances.map(({ state, note }) => `${state}: ${note}`);

test('a registry that is away changes nothing: requests are answered, and status says what is not known', async () => {
  await ada.agreed(release);
  const before = await ids();
  await network.cut();
  await until(async () => (await states()).every((said) => said === 'unknown: the registry is not reached'), {
    what: 'status says so',
  });
  expect((await fetch(one.edge.url({ service: 'web', environment: 'stage' }))).status).toBe(200);
  await network.mend();
  await ada.agreed(release);
  expect(await ids()).toEqual(before);
});

test('an operation asked for while it is away is done when it is back', async () => {
  const next = await ada.build('second');
  const { id } = await one.fleet.request(ada.request());
  await until(async () => (await one.fleet.operation(id)).state !== 'planned', { what: 'it has begun' });
  await network.cut();
  await until(async () => (await states()).some((said) => said.startsWith('unknown')), { what: 'it is away' });
  await network.mend();
  expect(await ada.ended(id)).toMatchObject({ state: 'done', to: next });
  await ada.agreed(next);
}, 60_000);

test('an instance that was not healthy before, and is when the registry is back, is not replaced', async () => {
  const before = await ids();
  const serving = (await ada.cell()).serving?.number;
  const hung = processOf(world.address, before[0] ?? '');
  process.kill(hung, 'SIGSTOP');
  await until(async () => (await states()).some((said) => said.startsWith('unhealthy')), {
    what: 'it is not healthy',
    withinMs: 20_000,
  });
  const since = performance.now();
  await network.cut();
  // Longer than an unhealthy instance is waited for, and than the last probe takes.
  await until(() => performance.now() - since > 31_000, { what: 'the time is over', withinMs: 40_000 });
  process.kill(hung, 'SIGCONT');
  await network.mend();
  await ada.agreed(serving);
  const ever = (await one.hosts.instances({ service: 'web', environment: 'stage' })).map(({ id }) => id);
  expect(ever.filter((id) => /-k\d+$/.test(id))).toEqual([]);
  expect(await ids()).toEqual(before);
}, 90_000);
