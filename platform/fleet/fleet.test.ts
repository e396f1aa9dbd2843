import { join } from 'node:path';
import { type Operator, openOperator } from '../../test/faults/operator';
import { type Controller, createWorld, openController, type World } from '../../test/faults/world';
import { openSecrets } from '../secrets';

let world: World;
let one: Controller;
let ada: Operator;

beforeAll(async () => {
  world = await createWorld();
  one = await openController(world.address, 'one');
  ada = openOperator(world, () => one);
  await one.fleet.start();
});
afterAll(async () => {
  await one?.close();
  await world?.close();
});

describe('building', () => {
  test('an unchanged image with an unchanged snapshot is the release that is there', async () => {
    const first = await ada.build('1');
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

  test('a change that is taken back gives the release before again, and that is the newest build', async () => {
    const before = await one.fleet.build({ service: 'web', ref: undefined, requestedBy: 'ada' });
    const changed = await ada.build('changed');
    expect(changed).toBeGreaterThan(before.release.number);
    const back = await one.fleet.build({ service: 'web', ref: 'HEAD~1', requestedBy: 'ada' });
    expect(back).toMatchObject({ created: false, release: { number: before.release.number } });
    const { to } = await one.fleet.plan({ ...ada.request(), release: undefined });
    expect(to.number).toBe(before.release.number);
    expect((await one.fleet.releases('web', 2)).map(({ release }) => release.number)).toEqual([to.number, changed]);
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
    const broken = await ada.build('broken', 'exits');
    const operation = await ada.operate();
    expect(operation).toMatchObject({ state: 'undone', to: broken });
    expect(operation.reason).toMatch(
      /^Release \d+ never became healthy: web-stage-\d+-[12](-3)? exited with status 3, 3 times in a row\. Nothing serves\.$/,
    );
    expect(operation.logTail).toContain('error Start failed');
    expect(operation.logTail.join('\n')).toContain('Error: no database at all, key [API_KEY]');
    await ada.agreed(undefined);
  });

  test('brings up all wanted instances, which serve with the settings of their environment', async () => {
    const release = await ada.build('2');
    const operation = await ada.operate();
    expect(operation).toMatchObject({ state: 'done', from: undefined, to: release, progress: { done: 2, total: 2 } });
    expect(operation.steps.every(({ finishedAt }) => finishedAt !== undefined)).toBe(true);
    await ada.agreed(release);
    const answer = await fetch(`${one.edge.url({ service: 'web', environment: 'stage' })}/`);
    expect(await answer.json()).toMatchObject({
      version: '2',
      release: String(release),
      greeting: 'hello from stage',
      key: 'first-value',
    });
  });

  test('replaces the release that serves without losing a request', async () => {
    const release = await ada.build('3');
    const url = one.edge.url({ service: 'web', environment: 'stage' });
    let over = false;
    const answers = Array.from({ length: 4 }, async () => {
      const statuses: number[] = [];
      while (!over) statuses.push((await fetch(url)).status);
      return statuses;
    });
    const slow = fetch(`${url}/slow`);
    const operation = await ada.operate();
    over = true;
    expect(operation.state).toBe('done');
    expect((await slow).status).toBe(200);
    const statuses = (await Promise.all(answers)).flat();
    expect(statuses.length).toBeGreaterThan(20);
    expect(new Set(statuses)).toEqual(new Set([200]));
    await ada.agreed(release);
  });

  test('of a release that never becomes healthy leaves the old one untouched', async () => {
    const before = await ada.cell();
    const sick = await ada.build('sick', 'sick');
    const operation = await ada.operate();
    expect(operation).toMatchObject({ state: 'undone', to: sick, from: before.serving?.number });
    expect(operation.reason).toMatch(
      new RegExp(
        `^Release ${sick} never became healthy: web-stage-\\d+-\\d did not answer /healthz with 200 within 3 s \\(last: 503: no database\\)\\. Release ${before.serving?.number} serves as before\\.$`,
      ),
    );
    await ada.agreed(before.serving?.number);
    expect((await ada.cell()).instances.map(({ id }) => id)).toEqual(before.instances.map(({ id }) => id));
  });

  test('is one operation however often it is asked for under the same key', async () => {
    const release = await ada.build('4');
    const asked = ada.request();
    const [first, second] = await Promise.all([one.fleet.request(asked), one.fleet.request(asked)]);
    expect(second.id).toBe(first.id);
    await expect(one.fleet.request(ada.request({ requestedBy: 'bob' }))).rejects.toThrow(
      new RegExp(`^Operation ${first.id} of ada runs since [\\d:]+ UTC: deployment of web ${release} to stage\\.$`),
    );
    expect((await ada.ended(first.id)).state).toBe('done');
    expect((await one.fleet.request(asked)).id).toBe(first.id);
    await expect(one.fleet.request(ada.request())).rejects.toMatchObject({ code: 'fleet.already-serving' });
  });

  test('is refused when the request can not be meant', async () => {
    await expect(one.fleet.request(ada.request({ environment: 'moon' }))).rejects.toMatchObject({
      code: 'fleet.unknown-environment',
    });
    await expect(one.fleet.request(ada.request({ service: 'nobody' }))).rejects.toMatchObject({
      code: 'fleet.unknown-service',
    });
    await expect(one.fleet.request(ada.request({ release: 99 }))).rejects.toMatchObject({
      code: 'fleet.unknown-release',
    });
    await expect(one.fleet.request(ada.request({ service: 'jobs' }))).rejects.toMatchObject({
      code: 'fleet.nothing-built',
    });
    await expect(one.fleet.request(ada.request({ service: 'jobs', environment: 'prod' }))).rejects.toMatchObject({
      code: 'fleet.nothing-proven',
    });
  });

  test('to the next environment takes the release that serves in the one before', async () => {
    const stage = (await ada.cell()).serving?.number;
    expect((await ada.cell('web', 'prod')).behind).toBe(0);
    const plan = await one.fleet.plan(ada.request({ environment: 'prod' }));
    expect(plan).toMatchObject({ from: undefined, to: { number: stage } });
    const operation = await ada.operate({ environment: 'prod' });
    expect(operation).toMatchObject({ state: 'done', to: stage });
    await ada.agreed(stage, 'web', 'prod');
    expect((await one.fleet.releases('web', 1))[0]?.serving).toEqual(['prod', 'stage']);
  });

  test('of a worker hands the work over and stops the old ones', async () => {
    const first = await ada.build('jobs 1', 'well', 'jobs');
    expect(await ada.operate({ service: 'jobs' })).toMatchObject({ state: 'done' });
    await ada.agreed(first, 'jobs');
    const second = await ada.build('jobs 2', 'well', 'jobs');
    expect(await ada.operate({ service: 'jobs' })).toMatchObject({ state: 'done', from: first });
    await ada.agreed(second, 'jobs');
  });
});

describe('a rollback', () => {
  test('returns to the release before with its own settings and secrets, then further back', async () => {
    const secrets = openSecrets(join(world.address.data, 'secrets'));
    const old = (await ada.cell()).serving!.number;
    secrets.set('stage', 'API_KEY', 'second-value');
    await ada.build('with another key');
    expect((await ada.operate()).state).toBe('done');
    const url = one.edge.url({ service: 'web', environment: 'stage' });
    expect(await (await fetch(url)).json()).toMatchObject({ key: 'second-value' });
    expect(await ada.operate({ kind: 'rollback' })).toMatchObject({ kind: 'rollback', state: 'done', to: old });
    expect(await (await fetch(url)).json()).toMatchObject({ key: 'first-value' });
    const further = await ada.operate({ kind: 'rollback' });
    expect(further).toMatchObject({ state: 'done' });
    expect(further.to).toBeLessThan(old);
    await ada.agreed(further.to);
  });

  test('to a release that is not healthy keeps what serves', async () => {
    const { serving } = await ada.cell();
    const sick = (await one.fleet.history({ service: 'web', limit: 50, states: ['undone'] }))[0]!.to;
    expect(await ada.operate({ kind: 'rollback', release: sick })).toMatchObject({
      state: 'undone',
      from: serving?.number,
    });
    await ada.agreed(serving?.number);
  });
});

describe('what others see', () => {
  test('another controller follows an operation to its end and reads the same status', async () => {
    const two = await openController(world.address, 'two');
    try {
      let changes = 0;
      two.fleet.watch(() => changes++);
      const release = await ada.build('seen by others');
      const { id } = await two.fleet.request(ada.request());
      expect(await openOperator(world, () => two).ended(id)).toMatchObject({ state: 'done' });
      expect(changes).toBeGreaterThan(0); // how many is a matter of speed: they come bundled
      await openOperator(world, () => two).agreed(release);
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
