import { undoSteps } from '../../platform/fleet/plan';
import { type Killing, moments, openKilling } from './killing';

let killing: Killing;
beforeAll(async () => {
  killing = await openKilling();
});
afterAll(() => killing?.close());

const boundaries = moments(undoSteps({ kind: 'http', from: 1, to: 2, wanted: 2 }));

test.each(boundaries)(
  'an undo whose controller is killed at %s, %s, leaves the old release everywhere',
  async (...boundary) => {
    const { operation, found } = await killing.killedAt(boundary, 'deployment', killing.releases.broken);
    expect(operation).toMatchObject({ state: 'undone', from: killing.releases.a });
    expect(operation.reason).toMatch(/(exited with status 3|is gone), 3 times in a row/); // a second observer may be first to see the end
    expect(found).toEqual([]);
  },
);
