import { type Operator, openOperator } from '../../test/faults/operator';
import { type Controller, createWorld, openController, type World } from '../../test/faults/world';
import { markOfConnections } from './given';

let world: World;
let one: Controller;
let ada: Operator;
let password = 'first';

beforeAll(async () => {
  world = await createWorld();
  const connections = () => ({ QUEUE_URL: `amqp://stage:${password}@127.0.0.1:1/stage` });
  one = await openController(world.address, 'one', { connections });
  ada = openOperator(world, () => one);
  await one.fleet.start();
});
afterAll(async () => {
  await one?.close();
  await world?.close();
});

test('what serves with another password than now is deployed again, once', async () => {
  const release = await ada.build('one and only');
  expect(await ada.operate()).toMatchObject({ state: 'done', to: release });
  const ids = async () => (await ada.cell()).instances.map(({ id }) => id);
  const { servingSince } = await ada.cell();
  const before = await ids();
  await expect(ada.operate()).rejects.toMatchObject({ code: 'fleet.already-serving' });

  password = 'second';
  expect(await ada.operate()).toMatchObject({ state: 'done', from: release, to: release });
  const after = await ids();
  expect(after).toHaveLength(before.length);
  expect(after.filter((id) => before.includes(id))).toEqual([]);
  expect((await ada.cell()).servingSince).toEqual(servingSince);
  await expect(ada.operate()).rejects.toMatchObject({ code: 'fleet.already-serving' });
});

test('after an undo it is not known what the instances hold, so that the old release can be deployed again', async () => {
  const serving = (await ada.cell()).serving?.number;
  await ada.build('never well', 'sick');
  expect(await ada.operate()).toMatchObject({ state: 'undone' });
  expect(await ada.operate({ release: serving })).toMatchObject({ state: 'done', from: serving, to: serving });
  await expect(ada.operate({ release: serving })).rejects.toMatchObject({ code: 'fleet.already-serving' });
});

test('a mark tells connections and cells apart, and no password', async () => {
  const { serving } = await ada.cell();
  const markIn = (environment: string, given: Record<string, string>) => {
    const environments = new Map([[environment, { registry: one.registries.stage, connections: () => given }]]);
    return markOfConnections({ environments }, { service: 'web', environment }, serving!);
  };
  const mark = await markIn('stage', { A: 'secret', B: '2' });
  expect(mark).toMatch(/^[0-9a-f]{32}$/);
  expect(await markIn('stage', { B: '2', A: 'secret' })).toBe(mark);
  expect(await markIn('stage', { A: 'secret', B: '3' })).not.toBe(mark);
  expect(await markIn('prod', { A: 'secret', B: '2' })).not.toBe(mark);
});
