import { join } from 'node:path';
import { disagreements, kill } from '../../test/faults/agreement';
import {
  type Controller,
  createWorld,
  type EnvironmentName,
  openController,
  type World,
} from '../../test/faults/world';
import { until } from '../../test/until';
import { createLogger, silent } from '../log';
import { openSecrets } from '../secrets';
import type { Operation, OperationRequest, ServiceStatus } from './fleet';
import type { Boundary } from './parts';

let world: World;
let one: Controller;
let keys = 0;
/** Called at every boundary of the operations that `one` runs. */
let onBoundary: (boundary: Boundary) => Promise<void> = async () => undefined;

beforeAll(async () => {
  world = await createWorld();
  one = await openController(world.address, 'one', {
    log: process.env['SHOW'] ? createLogger('x', 'debug') : silent,
    boundary: (boundary) => onBoundary(boundary),
  });
  await one.fleet.start();
});
afterEach(() => {
  onBoundary = async () => undefined;
});
afterAll(async () => {
  await one?.close();
  await world?.close();
});

const request = (changes: Partial<OperationRequest> = {}): OperationRequest => ({
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

const operate = async (changes: Partial<OperationRequest> = {}): Promise<Operation> =>
  ended((await one.fleet.request(request(changes))).id);

async function build(version: string, health: 'well' | 'exits' | 'sick' = 'well', service = 'web'): Promise<number> {
  world.product.commit({ version, health });
  return (await one.fleet.build({ service, ref: undefined, requestedBy: 'ada' })).release.number;
}

async function cell(service = 'web', environment = 'stage'): Promise<ServiceStatus> {
  const [status] = await one.fleet.status({ service, environment });
  return status as ServiceStatus;
}

const agreed = (
  release: number | undefined,
  service = 'web',
  environment: EnvironmentName = 'stage',
  controller = one,
) =>
  until(
    async () => {
      const found = await disagreements(controller, service, environment, release);
      if (found.length > 0) throw new Error(found.join('; '));
      return true;
    },
    { what: `everything agrees on release ${release} of ${service} in ${environment}` },
  );

describe('building', () => {
  test('an unchanged image with an unchanged snapshot is the release that is there', async () => {
    const first = await build('1');
    const again = await one.fleet.build({ service: 'web', ref: 'HEAD', requestedBy: 'bob' });
    expect(again).toMatchObject({ created: false, release: { number: first, createdBy: 'ada', subject: 'Version 1' } });
  });

  test('a new version of a secret makes a new release of the same image', async () => {
    const secrets = openSecrets(join(world.address.data, 'secrets'));
    const before = await one.fleet.build({ service: 'web', ref: undefined, requestedBy: 'ada' });
    secrets.set('stage', 'API_KEY', 'first-value');
    const after = await one.fleet.build({ service: 'web', ref: undefined, requestedBy: 'ada' });
    expect(after.created).toBe(true);
    expect(after.release.image).toBe(before.release.image);
    expect(after.release.snapshot.secrets).toEqual({ stage: { API_KEY: 1 }, prod: {} });
  });

  test('services and commits that are not there are named', async () => {
    await expect(one.fleet.build({ service: 'nobody', ref: undefined, requestedBy: 'ada' })).rejects.toMatchObject({
      code: 'fleet.unknown-service',
    });
    await expect(one.fleet.build({ service: 'web', ref: 'no-branch', requestedBy: 'ada' })).rejects.toMatchObject({
      code: 'images.unknown-ref',
    });
  });
});

describe('a deployment', () => {
  test('of a release that can not start leaves nothing when nothing served before, and says why', async () => {
    const broken = await build('broken', 'exits');
    const operation = await operate();
    expect(operation).toMatchObject({ state: 'undone', to: broken });
    expect(operation.reason).toMatch(
      /^Release \d+ never became healthy: web-stage-\d+-[12](-3)? exited with status 3, 3 times in a row\. Nothing serves\.$/,
    );
    expect(operation.logTail).toContain('error Start failed');
    expect(operation.logTail.join('\n')).toContain('Error: no database at all, key [API_KEY]');
    await agreed(undefined);
  });

  test('brings up all wanted instances, which serve with the settings of their environment', async () => {
    const release = await build('2');
    const operation = await operate();
    expect(operation).toMatchObject({ state: 'done', from: undefined, to: release, progress: { done: 2, total: 2 } });
    expect(operation.steps.every(({ finishedAt }) => finishedAt !== undefined)).toBe(true);
    await agreed(release);
    const answer = await fetch(`${one.edge.url({ service: 'web', environment: 'stage' })}/`);
    expect(await answer.json()).toMatchObject({
      version: '2',
      release: String(release),
      greeting: 'hello from stage',
      key: 'first-value',
    });
  });

  test('replaces the release that serves without losing a request', async () => {
    const release = await build('3');
    const url = one.edge.url({ service: 'web', environment: 'stage' });
    let over = false;
    const answers = Array.from({ length: 4 }, async () => {
      const statuses: number[] = [];
      while (!over) statuses.push((await fetch(url)).status);
      return statuses;
    });
    const slow = fetch(`${url}/slow`);
    const operation = await operate();
    over = true;
    expect(operation.state).toBe('done');
    expect((await slow).status).toBe(200);
    const statuses = (await Promise.all(answers)).flat();
    expect(statuses.length).toBeGreaterThan(20);
    expect(new Set(statuses)).toEqual(new Set([200]));
    await agreed(release);
  });

  test('of a release that never becomes healthy leaves the old one untouched', async () => {
    const before = await cell();
    const sick = await build('sick', 'sick');
    const operation = await operate();
    expect(operation).toMatchObject({ state: 'undone', to: sick, from: before.serving?.number });
    expect(operation.reason).toMatch(
      new RegExp(
        `^Release ${sick} never became healthy: web-stage-\\d+-\\d did not answer /healthz with 200 within 3 s \\(last: 503: no database\\)\\. Release ${before.serving?.number} serves as before\\.$`,
      ),
    );
    await agreed(before.serving?.number);
    expect((await cell()).instances.map(({ id }) => id)).toEqual(before.instances.map(({ id }) => id));
  });

  test('is one operation however often it is asked for under the same key', async () => {
    const release = await build('4');
    const asked = request();
    const [first, second] = await Promise.all([one.fleet.request(asked), one.fleet.request(asked)]);
    expect(second.id).toBe(first.id);
    await expect(one.fleet.request(request({ requestedBy: 'bob' }))).rejects.toThrow(
      new RegExp(`^Operation ${first.id} of ada runs since [\\d:]+ UTC: deployment of web ${release} to stage\\.$`),
    );
    expect((await ended(first.id)).state).toBe('done');
    expect((await one.fleet.request(asked)).id).toBe(first.id);
    await expect(one.fleet.request(request())).rejects.toMatchObject({ code: 'fleet.already-serving' });
  });

  test('is refused when the request can not be meant', async () => {
    await expect(one.fleet.request(request({ environment: 'moon' }))).rejects.toMatchObject({
      code: 'fleet.unknown-environment',
    });
    await expect(one.fleet.request(request({ service: 'nobody' }))).rejects.toMatchObject({
      code: 'fleet.unknown-service',
    });
    await expect(one.fleet.request(request({ release: 99 }))).rejects.toMatchObject({ code: 'fleet.unknown-release' });
    await expect(one.fleet.request(request({ service: 'jobs' }))).rejects.toMatchObject({
      code: 'fleet.nothing-built',
    });
    await expect(one.fleet.request(request({ service: 'jobs', environment: 'prod' }))).rejects.toMatchObject({
      code: 'fleet.nothing-proven',
    });
  });

  test('to the next environment takes the release that serves in the one before', async () => {
    const stage = (await cell()).serving?.number;
    expect((await cell('web', 'prod')).behind).toBe(0);
    const plan = await one.fleet.plan(request({ environment: 'prod' }));
    expect(plan).toMatchObject({ from: undefined, to: { number: stage } });
    const operation = await operate({ environment: 'prod' });
    expect(operation).toMatchObject({ state: 'done', to: stage });
    await agreed(stage, 'web', 'prod');
    expect((await one.fleet.releases('web', 1))[0]?.serving).toEqual(['prod', 'stage']);
  });

  test('of a worker hands the work over and stops the old ones', async () => {
    const first = await build('jobs 1', 'well', 'jobs');
    expect(await operate({ service: 'jobs' })).toMatchObject({ state: 'done' });
    await agreed(first, 'jobs');
    const second = await build('jobs 2', 'well', 'jobs');
    expect(await operate({ service: 'jobs' })).toMatchObject({ state: 'done', from: first });
    await agreed(second, 'jobs');
  });
});

describe('a deployment during which instances are killed', () => {
  test.each(['healthy', 'shift', 'drain', 'stop'] as const)('replaces a new one that dies at step %s', async (step) => {
    const release = await build(`killed at ${step}`);
    onBoundary = async ({ step: at, moment, operation }) => {
      if (at === step && moment === 'acted') kill(world.address, `web-stage-${operation}-1`);
    };
    expect(await operate()).toMatchObject({ state: 'done' });
    await agreed(release);
  });

  test('goes on when an old one dies', async () => {
    const old = (await cell()).instances;
    const release = await build('old one killed');
    onBoundary = async ({ step, moment }) => {
      if (step === 'healthy' && moment === 'started') kill(world.address, old[0]!.id);
    };
    expect(await operate()).toMatchObject({ state: 'done' });
    await agreed(release);
  });

  test('restores the old ones that die while it is undone', async () => {
    const before = await cell();
    await build('sick and killed', 'sick');
    onBoundary = async ({ step, moment }) => {
      if (step === 'healthy' && moment === 'started') kill(world.address, before.instances[0]!.id);
      if (step === 'halt' && moment === 'started') kill(world.address, before.instances[1]!.id);
    };
    expect(await operate()).toMatchObject({ state: 'undone' });
    expect((await cell()).instances.filter(({ state }) => state === 'healthy')).toHaveLength(2);
    await agreed(before.serving?.number);
  });
});

describe('a rollback', () => {
  test('returns to the release before with its own settings and secrets, then further back', async () => {
    const secrets = openSecrets(join(world.address.data, 'secrets'));
    const old = (await cell()).serving!.number;
    secrets.set('stage', 'API_KEY', 'second-value');
    await build('with another key');
    expect((await operate()).state).toBe('done');
    const url = one.edge.url({ service: 'web', environment: 'stage' });
    expect(await (await fetch(url)).json()).toMatchObject({ key: 'second-value' });
    expect(await operate({ kind: 'rollback' })).toMatchObject({ kind: 'rollback', state: 'done', to: old });
    expect(await (await fetch(url)).json()).toMatchObject({ key: 'first-value' });
    const further = await operate({ kind: 'rollback' });
    expect(further).toMatchObject({ state: 'done' });
    expect(further.to).toBeLessThan(old);
    await agreed(further.to);
  });

  test('to a release that is not healthy keeps what serves', async () => {
    const { serving } = await cell();
    const sick = (await one.fleet.history({ service: 'web', limit: 50, states: ['undone'] }))[0]!.to;
    expect(await operate({ kind: 'rollback', release: sick })).toMatchObject({
      state: 'undone',
      from: serving?.number,
    });
    await agreed(serving?.number);
  });
});

describe('what others see', () => {
  test('another controller follows an operation to its end and reads the same status', async () => {
    const two = await openController(world.address, 'two');
    try {
      let changes = 0;
      two.fleet.watch(() => changes++);
      const release = await build('seen by others');
      const { id } = await two.fleet.request(request());
      expect(await ended(id, two)).toMatchObject({ state: 'done' });
      expect(changes).toBeGreaterThan(3);
      await agreed(release, 'web', 'stage', two);
    } finally {
      await two.close();
    }
  });

  test('logs of the instances are read as people read them', async () => {
    const lines = await one.fleet.logs('web', 'stage', 50);
    expect(lines.map(({ line }) => line)).toContain('info web listens');
    expect(new Set(lines.map(({ instance }) => instance)).size).toBeGreaterThan(1);
  });

  test('history is newest first, and an operation that is not there is named', async () => {
    const history = await one.fleet.history({ service: 'web', environment: 'stage', limit: 3 });
    expect(history.map(({ id }) => id)).toEqual(history.map(({ id }) => id).sort((a, b) => b - a));
    await expect(one.fleet.operation(9_999)).rejects.toMatchObject({ code: 'fleet.unknown-operation' });
  });
});
