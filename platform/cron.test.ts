import { until } from '../test/until';
import { startTicking } from './cron';
import { silent } from './log';

const options = { name: 'The work', setting: 'TICK', log: silent };

test('work begins at once and is done again by the pattern, also after it failed', async () => {
  let runs = 0;
  const ticking = startTicking({ ...options, pattern: '* * * * * *' }, async () => {
    runs++;
    if (runs === 2) throw new Error('the second run fails');
  });
  expect(runs).toBe(1);
  await until(() => runs >= 3, { what: 'three runs' });
  await ticking.stop();
});

test('a run that takes longer than the pattern is not overtaken, and stopping waits for it', async () => {
  let atOnce = 0;
  let most = 0;
  let finish = (): void => undefined;
  const work = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let looks = 0;
  const ticking = startTicking({ ...options, pattern: '* * * * * *' }, async () => {
    most = Math.max(most, ++atOnce);
    await work;
    atOnce--;
  });
  await until(() => ++looks > 100, { what: 'more than a second has passed' });
  const stopped = ticking.stop();
  finish();
  await stopped;
  expect({ most, atOnce }).toEqual({ most: 1, atOnce: 0 });
});

test('a pattern that is none is refused by the name of its setting', () => {
  expect(() => startTicking({ ...options, pattern: 'soon' }, async () => undefined)).toThrow('TICK: “soon”');
});
