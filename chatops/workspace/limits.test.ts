import { createClock } from './clock';
import { RateLimited } from './failure';
import { createLimits, type Tier } from './limits';

let now = 0;
const refused = (run: () => void): number | undefined => {
  try {
    run();
    return undefined;
  } catch (error) {
    return (error as RateLimited).retryAfterSeconds;
  }
};

test.each<[Tier, number, number]>([
  ['tier2', 20, 3],
  ['tier3', 50, 2],
  ['tier4', 100, 1],
])('%s gives %i calls a minute, then names the seconds to wait', (tier, calls, wait) => {
  const limits = createLimits(() => now);
  for (let index = 0; index < calls; index += 1) limits.take(tier, 'm', '');
  expect(refused(() => limits.take(tier, 'm', ''))).toBe(wait);
  expect(refused(() => limits.take(tier, 'another method', ''))).toBeUndefined();
  now += wait * 1000;
  expect(refused(() => limits.take(tier, 'm', ''))).toBeUndefined();
});

test('posting is limited for each channel by itself, after a short burst', () => {
  const limits = createLimits(() => now);
  for (let index = 0; index < 3; index += 1) limits.take('posting', 'chat.postMessage', 'C1');
  expect(refused(() => limits.take('posting', 'chat.postMessage', 'C1'))).toBe(1);
  expect(refused(() => limits.take('posting', 'chat.postMessage', 'C2'))).toBeUndefined();
});

test('timestamps are unique and rise, also when the clock stands still, goes back, or history is ahead of it', () => {
  let clock = 1_700_000_000_000;
  const next = createClock('1700000000.500000', () => clock);
  const made = [next(), next()];
  clock += 2000;
  made.push(next(), next());
  clock -= 60_000;
  made.push(next());
  expect(made).toEqual([
    '1700000000.500001',
    '1700000000.500002',
    '1700000002.000000',
    '1700000002.000001',
    '1700000002.000002',
  ]);
});
