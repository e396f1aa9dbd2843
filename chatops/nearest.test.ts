import { distance, nearest } from './nearest';

const verbs = ['help', 'deploy', 'rollback', 'status', 'history', 'releases', 'build', 'logs'];
const environments = ['dev', 'stage', 'prod'];

test.each([
  ['deplyo', verbs, 'deploy'],
  ['deploi', verbs, 'deploy'],
  ['roll', verbs, 'rollback'],
  ['rolback', verbs, 'rollback'],
  ['log', verbs, 'logs'],
  ['stauts', verbs, 'status'],
  ['release', verbs, 'releases'],
  ['staging', environments, 'stage'],
  ['production', environments, 'prod'],
  ['pord', environments, 'prod'],
  ['STAGE', environments, 'stage'],
  ['xyz', verbs, undefined],
  ['make-coffee', verbs, undefined],
  ['', verbs, undefined],
  ['moon', environments, undefined],
])('%j means %#', (word, known, expected) => {
  expect(nearest(word, known)).toBe(expected);
});

test('two neighbours swapped are one change', () => {
  expect(distance('deplyo', 'deploy')).toBe(1);
  expect(distance('kitten', 'sitting')).toBe(3);
});
