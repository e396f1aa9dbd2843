import { forwardSteps, undoSteps } from './plan';

const names = (steps: readonly { name: string }[]) => steps.map(({ name }) => name).join(' ');

test.each([
  [
    'an http service',
    { kind: 'http' as const, from: 3, to: 4, wanted: 2 },
    'prepare start healthy shift drain stop verify',
  ],
  [
    'a worker, which has no sessions',
    { kind: 'worker' as const, from: 3, to: 4, wanted: 2 },
    'prepare start healthy shift stop verify',
  ],
  [
    'the first release',
    { kind: 'http' as const, from: undefined, to: 1, wanted: 1 },
    'prepare start healthy shift verify',
  ],
])('%s moves forward by its steps', (_, input, expected) => {
  expect(names(forwardSteps(input))).toBe(expected);
});

test.each([
  ['an http service', { kind: 'http' as const, from: 3, to: 4, wanted: 2 }, 'restore withdraw halt sweep'],
  ['a worker', { kind: 'worker' as const, from: 3, to: 4, wanted: 2 }, 'restore halt sweep'],
  ['the first release', { kind: 'http' as const, from: undefined, to: 1, wanted: 1 }, 'withdraw halt sweep'],
])('%s is undone by its steps', (_, input, expected) => {
  expect(names(undoSteps(input))).toBe(expected);
});

test('steps have places in the journal that never meet', () => {
  const input = { kind: 'http' as const, from: 3, to: 4, wanted: 2 };
  const positions = [...forwardSteps(input), ...undoSteps(input)].map(({ position }) => position);
  expect(new Set(positions).size).toBe(positions.length);
  expect(positions).toEqual([...positions].sort((a, b) => a - b));
});

test('a step stays in its place, so that an operation an older Edwin left after four steps is still to be shifted', () => {
  const places = (from: number | undefined, kind: 'http' | 'worker') =>
    forwardSteps({ kind, from, to: 4, wanted: 2 }).map(({ name, position }) => `${position} ${name}`);
  const first = ['1 prepare', '2 start', '3 healthy', '5 shift'];
  expect(places(3, 'http')).toEqual([...first, '6 drain', '7 stop', '9 verify']);
  expect(places(3, 'worker')).toEqual([...first, '6 stop', '8 verify']);
  expect(places(undefined, 'http')).toEqual([...first, '7 verify']);
});

test('phases are words for people', () => {
  const phases = forwardSteps({ kind: 'http', from: 3, to: 4, wanted: 2 }).map(({ phase }) => phase);
  expect(phases).toContain('starting 2 instances of release 4');
  expect(phases).toContain('shifting traffic to release 4');
});
