import { kill } from '../../test/faults/agreement';
import { type Operator, openOperator } from '../../test/faults/operator';
import { type Controller, createWorld, openController, type World } from '../../test/faults/world';
import type { Boundary } from './parts';

let world: World;
let one: Controller;
let ada: Operator;
/** Called at every boundary of the operations that run. */
let onBoundary: (boundary: Boundary) => Promise<void> = async () => undefined;

beforeAll(async () => {
  world = await createWorld();
  one = await openController(world.address, 'one', { boundary: (boundary) => onBoundary(boundary) });
  ada = openOperator(world, () => one);
  await one.fleet.start();
  await ada.build('first');
  expect(await ada.operate()).toMatchObject({ state: 'done' });
});
afterEach(() => {
  onBoundary = async () => undefined;
});
afterAll(async () => {
  await one?.close();
  await world?.close();
});

test('old instances have left the edge before the first of them is ended', async () => {
  const release = await ada.build('drained');
  const cell = { service: 'web', environment: 'stage' } as const;
  const seen: { atEdge: number; running: number }[] = [];
  onBoundary = async ({ step, moment }) => {
    if (step !== 'stop' || moment !== 'started') return;
    const running = (await one.hosts.instances(cell)).filter(({ state }) => state === 'running');
    seen.push({ atEdge: (await one.edge.servers(cell)).length, running: running.length });
  };
  expect(await ada.operate()).toMatchObject({ state: 'done' });
  expect(seen).toEqual([{ atEdge: 2, running: 4 }]);
  await ada.agreed(release);
});

describe('a deployment during which instances are killed', () => {
  test.each(['healthy', 'shift', 'drain', 'stop'] as const)('replaces a new one that dies at step %s', async (step) => {
    const release = await ada.build(`killed at ${step}`);
    onBoundary = async ({ step: at, moment, operation }) => {
      if (at === step && moment === 'acted') kill(world.address, `web-stage-${operation}-1`);
    };
    expect(await ada.operate()).toMatchObject({ state: 'done' });
    await ada.agreed(release);
  });

  test('goes on when an old one dies', async () => {
    const old = (await ada.cell()).instances;
    const release = await ada.build('old one killed');
    onBoundary = async ({ step, moment }) => {
      if (step === 'healthy' && moment === 'started') kill(world.address, old[0]!.id);
    };
    expect(await ada.operate()).toMatchObject({ state: 'done' });
    await ada.agreed(release);
  });

  test('restores the old ones that die while it is undone', async () => {
    const before = await ada.cell();
    await ada.build('sick and killed', 'sick');
    onBoundary = async ({ step, moment }) => {
      if (step === 'healthy' && moment === 'started') kill(world.address, before.instances[0]!.id);
      if (step === 'halt' && moment === 'started') kill(world.address, before.instances[1]!.id);
    };
    expect(await ada.operate()).toMatchObject({ state: 'undone' });
    expect((await ada.cell()).instances.filter(({ state }) => state === 'healthy')).toHaveLength(2);
    await ada.agreed(before.serving?.number);
  });
});

describe('a release that is healthy for a moment only', () => {
  /** A request that keeps the old release draining for some seconds. */
  const hold = () => fetch(`${one.edge.url({ service: 'web', environment: 'stage' })}/hold`);

  test('is undone by a deployment even after it got the traffic, and requests in flight are answered', async () => {
    const { serving } = await ada.cell();
    await ada.build('fleeting', 'fleeting');
    const held = hold();
    const operation = await ada.operate();
    expect(operation).toMatchObject({ state: 'undone', from: serving?.number });
    expect(operation.reason).toMatch(/did not stay healthy: \S+ exited with status 4/);
    await ada.agreed(serving?.number);
    expect((await held).status).toBe(200);
  });

  test('is not turned back by a rollback that shifted its traffic, which then ends as failed and says why', async () => {
    const fleeting = (await one.fleet.history({ service: 'web', limit: 1 }))[0]!.to;
    const held = hold();
    const operation = await ada.operate({ kind: 'rollback', release: fleeting });
    expect(operation).toMatchObject({ state: 'failed', to: fleeting });
    expect(operation.reason).toMatch(/did not stay healthy: \S+ exited with status 4/);
    expect((await ada.cell()).serving?.number).toBe(fleeting);
    expect((await held).status).toBe(200);
  });
});
