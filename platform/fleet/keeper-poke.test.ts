import { EdwinError } from '../errors';
import { silent } from '../log';
import { startKeeper } from './keeper';
import type { FleetParts } from './parts';

test('while the registry refuses at once, a poke makes the keeper try once more, and this process goes on', async () => {
  let tries = 0;
  const lease = (): Promise<never> => {
    tries += 1;
    // A keeper that never rests would leave this test no turn: it is stopped here.
    if (tries > 100) return new Promise(() => undefined);
    return Promise.reject(new EdwinError('registry.unreachable', 'The registry is away.'));
  };
  const environments = new Map([['stage', { registry: { lease } }]]);
  const keeper = startKeeper({ environments, holder: 'one', log: silent } as unknown as FleetParts, 'stage');
  keeper.poke();
  await new Promise(setImmediate);
  expect(tries).toBe(2);
  await keeper.stop();
});
