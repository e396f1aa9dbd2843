import { type Controller, createWorld, openController, type World } from '../../test/faults/world';
import { until } from '../../test/until';
import type { Operation, OperationRequest } from './fleet';

let world: World;
let one: Controller;
let keys = 0;

beforeAll(async () => {
  world = await createWorld();
  world.product.commit({ version: '1' });
  one = await openController(world.address, 'one');
  await one.fleet.start();
});
afterAll(async () => {
  await one.close();
  await world.close();
});

const request = (changes: Partial<OperationRequest>): OperationRequest => ({
  kind: 'deployment',
  service: 'web',
  environment: 'stage',
  release: undefined,
  requestedBy: 'ada',
  key: `key ${++keys}`,
  ...changes,
});

async function ended(id: number, controller = one): Promise<Operation> {
  let last: Operation | undefined;
  for await (const operation of controller.fleet.follow(id)) last = operation;
  return last as Operation;
}

const cell = async (service = 'web', environment = 'stage') => (await one.fleet.status({ service, environment }))[0]!;

test('the first deployment brings up all wanted instances', async () => {
  const { release, created } = await one.fleet.build({ service: 'web', ref: undefined, requestedBy: 'ada' });
  expect(created).toBe(true);
  expect(release.number).toBe(1);
  const begun = Date.now();
  const { id } = await one.fleet.request(request({}));
  const operation = await ended(id);
  console.log(JSON.stringify(operation, null, 1), Date.now() - begun);
  expect(operation.state).toBe('done');
  const status = await cell();
  expect(status.serving?.number).toBe(1);
  expect(status.instances.map(({ state }) => state)).toEqual(['healthy', 'healthy']);
  await until(async () => (await cell()).drift.length === 0, { what: 'no drift' });
});

test('the second replaces the first', async () => {
  world.product.commit({ version: '2' });
  await one.fleet.build({ service: 'web', ref: undefined, requestedBy: 'ada' });
  const begun = Date.now();
  const { id } = await one.fleet.request(request({}));
  const operation = await ended(id);
  console.log(
    operation.steps.map((s) => `${s.name} ${s.finishedAt!.getTime() - s.startedAt.getTime()} ${s.detail}`).join('\n'),
    Date.now() - begun,
  );
  expect(operation.state).toBe('done');
  expect((await cell()).instances.map(({ release }) => release)).toEqual([2, 2]);
});
