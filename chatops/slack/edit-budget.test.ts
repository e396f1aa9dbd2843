import { type BudgetState, nextEdit } from './edit-budget';

const rules = { perMinute: 45, keptForFinal: 5, spacingMs: 3_000 };
const now = 1_000_000;
const state = (changes: Partial<BudgetState>): BudgetState => ({
  waiting: [],
  sent: [],
  lastOf: new Map(),
  silentUntil: 0,
  ...changes,
});
const waits = (key: string, changes: object = {}) => ({ key, final: false, since: now, ...changes });
const times = (count: number, at: number) => Array.from({ length: count }, () => at);

test.each([
  ['nothing waits', state({}), undefined],
  ['the first edit goes at once', state({ waiting: [waits('a')] }), { edit: 'a' }],
  [
    'a message edited just now waits for its spacing',
    state({ waiting: [waits('a')], lastOf: new Map([['a', now - 1_000]]) }),
    { waitMs: 2_000 },
  ],
  [
    'another message does not wait for it',
    state({ waiting: [waits('a'), waits('b')], lastOf: new Map([['a', now - 1_000]]) }),
    { edit: 'b' },
  ],
  ['who waits longest is first', state({ waiting: [waits('a'), waits('b', { since: now - 1 })] }), { edit: 'b' }],
  [
    'a final state goes before',
    state({ waiting: [waits('a', { since: now - 9 }), waits('b', { final: true })] }),
    { edit: 'b' },
  ],
  [
    'the last five of a minute are kept for final states',
    state({ waiting: [waits('a')], sent: times(40, now - 20_000) }),
    { waitMs: 40_000 },
  ],
  [
    'which may use them',
    state({ waiting: [waits('a'), waits('b', { final: true })], sent: times(40, now - 20_000) }),
    { edit: 'b' },
  ],
  [
    'a used up minute stops final states too',
    state({ waiting: [waits('a', { final: true })], sent: times(45, now - 59_000) }),
    { waitMs: 1_000 },
  ],
  [
    'edits of the minute before do not count',
    state({ waiting: [waits('a')], sent: times(45, now - 60_000) }),
    { edit: 'a' },
  ],
  [
    'Slack asked for silence',
    state({ waiting: [waits('a', { final: true })], silentUntil: now + 4_000 }),
    { waitMs: 4_000 },
  ],
])('%s', (_name, given, expected) => {
  expect(nextEdit(given, rules, now)).toEqual(expected);
});
