import { parse } from 'yaml';
import { type EdwinError } from '../platform/errors';
import { readPolicy } from './policy';

const mistakes = (content: unknown): string => {
  try {
    readPolicy('autoscaler.yaml', content);
  } catch (error) {
    expect((error as EdwinError).code).toBe('autoscaler.bad-policy');
    return (error as Error).message;
  }
  throw new Error('it was accepted');
};

test('three lines are enough', () => {
  const policy = readPolicy('autoscaler.yaml', parse('services:\n  bot:\n    promise: 99 % begin within 5 s\n'));
  expect(policy.services['bot']).toMatchObject({ promise: { share: 0.99, withinSeconds: 5 }, min: 1, pool: 'default' });
  expect(policy.pools['default']).toMatchObject({ min: 1, max: 20, bootSeconds: 600, zones: ['a'] });
});

test.each([
  ['99.9 % begin within 500 ms', 0.999, 0.5],
  ['95% begin within 2 min', 0.95, 120],
])('%s', (text, share, withinSeconds) => {
  const { promise } = readPolicy('p', { services: { bot: { promise: text } } }).services['bot']!;
  expect(promise.share).toBeCloseTo(share, 9);
  expect(promise.withinSeconds).toBeCloseTo(withinSeconds, 9);
});

test('all mistakes are reported at once, each with its place', () => {
  const text = mistakes({
    timeZone: 'Europe/Nowhere',
    holidays: ['24.12.'],
    services: {
      bot: { promise: 'fast', min: 5, max: 3, pool: 'default', calendar: [{ min: 3, reason: 'x', from: '25:00' }] },
    },
    pools: { default: { spendPerHour: 3, zones: [] } },
    surprise: 1,
  });
  for (const part of [/time zone/, /a date such as/, /99 % begin within 5 s/, /time of day/, /zones/, /surprise/])
    expect(text).toMatch(part);
});

test.each<[string, object, RegExp]>([
  ['a pool that is not there', { services: { bot: { pool: 'gpu' } } }, /there is no pool gpu/],
  ['bounds the wrong way round', { services: { bot: { min: 5, max: 3 } } }, /min ≤ max/],
  ['a cap on cost without prices', { services: { bot: {} }, pools: { default: { spendPerHour: 3 } } }, /pricePerHour/],
  [
    'an event without an end',
    { services: { bot: { calendar: [{ min: 3, reason: 'sale', begin: '2026-11-27T18:00:00Z' }] } } },
    /needs its end/,
  ],
  ['a floor without a reason', { services: { bot: { calendar: [{ min: 3 }] } } }, /reason/],
  ['no service', { services: {} }, /needs a service/],
])('%s is refused', (_name, content, because) => {
  expect(mistakes(content)).toMatch(because);
});
