import { namedRelease } from './version';

const releases = [
  { number: 43, commit: 'd1f3b07aa' },
  { number: 42, commit: 'c07d9a4bb' },
  { number: 41, commit: 'c07d9a4bb' },
  { number: 40, commit: 'c07dffff0' },
  { number: 39, commit: '1234567ee' },
];

test.each([
  ['42', 42],
  ['r42', 42],
  ['R42', 42],
  ['latest', 43],
  ['d1f3b07', 43],
  ['D1F3', 43],
  ['c07d9a4', 42],
  ['c07d', undefined],
  ['1234567', 39],
  ['99', undefined],
  ['d1f', undefined],
  ['main', undefined],
])('%j names release %p', (text, expected) => {
  expect(namedRelease(text, releases)?.number).toBe(expected);
});
