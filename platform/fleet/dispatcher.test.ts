import { silent } from '../log';
import { startDispatcher } from './dispatcher';
import type { FleetParts } from './parts';

test('what an operation starts and stops is its own from before it is taken until it is over, and no other cell’s', async () => {
  const bot = { service: 'bot', environment: 'stage' };
  const asked: string[] = [];
  let over = (): void => undefined;
  const lease = (name: string): Promise<undefined> => {
    asked.push(name);
    return new Promise((resolve) => {
      over = () => resolve(undefined);
    });
  };
  let rows = [{ id: '7', ...bot }];
  const parts = {
    environments: new Map([['stage', { registry: { lease } }]]),
    pool: { query: async () => ({ rows }) },
    holder: 'one',
    log: silent,
  } as unknown as FleetParts;
  let cleared = (): void => undefined;
  const clear = (): Promise<void> => new Promise((resolve) => (cleared = resolve));
  const dispatcher = startDispatcher(parts, { clear, onFinished: () => undefined });
  const turn = (): Promise<void> => new Promise(setImmediate);

  await turn();
  expect(dispatcher.holds(bot)).toBe(true);
  expect(asked).toEqual([]);
  cleared();
  await turn();
  expect(asked).toEqual(['operation/bot']);
  expect(dispatcher.holds(bot)).toBe(true);
  expect(dispatcher.holds({ ...bot, environment: 'prod' })).toBe(false);
  expect(dispatcher.holds({ ...bot, service: 'mailer' })).toBe(false);
  rows = [];
  over();
  await turn();
  expect(dispatcher.holds(bot)).toBe(false);
  await dispatcher.stop();
});
