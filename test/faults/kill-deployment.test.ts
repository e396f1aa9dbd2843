import { forwardSteps } from '../../platform/fleet/plan';
import { type Killing, moments, openKilling } from './killing';

let killing: Killing;
beforeAll(async () => {
  killing = await openKilling();
});
afterAll(() => killing?.close());

const boundaries = moments(forwardSteps({ kind: 'http', from: 1, to: 2, wanted: 2 }));

test.each(boundaries)('a deployment whose controller is killed at %s, %s, is done everywhere', async (...boundary) => {
  const to = await killing.other();
  const { operation, found } = await killing.killedAt(boundary, 'deployment', to);
  expect(operation).toMatchObject({ state: 'done', to });
  expect(found).toEqual([]);
});

test('the other controller took over within a second', () => {
  expect(killing.medianTakeover()).toBeLessThan(1_000);
});
