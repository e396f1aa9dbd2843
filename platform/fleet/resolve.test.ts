import type { OperationRequest } from './fleet';
import { type Known, resolveRelease } from './resolve';

const request = (kind: 'deployment' | 'rollback', environment: string, release?: number): OperationRequest => ({
  kind,
  service: 'bot',
  environment,
  release,
  requestedBy: 'ada',
  key: 'k',
});
const deployed = (...numbers: number[]) => numbers.map((to) => ({ kind: 'deployment' as const, to }));
const rolledBack = (to: number) => ({ kind: 'rollback' as const, to });
const known = (changes: Partial<Known>): Known => ({
  environments: ['dev', 'stage', 'prod'],
  newest: 9,
  serving: {},
  done: [],
  ...changes,
});

test.each([
  ['the first environment gets the newest build', request('deployment', 'dev'), known({}), 9],
  ['others get what serves in the one before', request('deployment', 'prod'), known({ serving: { stage: 4 } }), 4],
  ['a named release is taken as it is', request('deployment', 'prod', 2), known({}), 2],
  [
    'a rollback returns to the release before',
    request('rollback', 'dev'),
    known({ serving: { dev: 3 }, done: deployed(1, 2, 3) }),
    2,
  ],
  [
    'a second rollback goes further back, not to what was just left',
    request('rollback', 'dev'),
    known({ serving: { dev: 2 }, done: [...deployed(1, 2, 3), rolledBack(2)] }),
    1,
  ],
  [
    'a release deployed twice is one place in the trail',
    request('rollback', 'dev'),
    known({ serving: { dev: 3 }, done: deployed(1, 3, 3) }),
    1,
  ],
  [
    'a rollback to a release that never served replaces what was left',
    request('rollback', 'dev'),
    known({ serving: { dev: 7 }, done: [...deployed(1, 3), rolledBack(7)] }),
    1,
  ],
  ['a rollback may name any release', request('rollback', 'dev', 1), known({ serving: { dev: 3 } }), 1],
])('%s', (_, asked, facts, expected) => {
  expect(resolveRelease(asked, facts)).toBe(expected);
});

test.each([
  ['nothing was built', request('deployment', 'dev'), known({ newest: undefined }), 'bot was never built.'],
  [
    'nothing serves in the environment before',
    request('deployment', 'stage'),
    known({}),
    'No release of bot serves in dev, which comes before stage.',
  ],
  [
    'nothing serves that could be rolled back',
    request('rollback', 'stage', 3),
    known({}),
    'Nothing serves bot in stage.',
  ],
  [
    'there was no release before',
    request('rollback', 'dev'),
    known({ serving: { dev: 1 }, done: deployed(1) }),
    'No other release of bot served in dev before.',
  ],
])('it is refused when %s', (_, asked, facts, message) => {
  expect(() => resolveRelease(asked, facts)).toThrow(message);
});
