import { bind, parameters } from './usage';

const grammar = parameters('<service> <env> [query...] [--limit N] [--plan]');

test('a usage line is read into its parameters', () => {
  expect(grammar.map(({ name, kind, required, rest }) => [name, kind, required, rest])).toEqual([
    ['service', 'positional', true, false],
    ['env', 'positional', true, false],
    ['query', 'positional', false, true],
    ['limit', 'option', false, false],
    ['plan', 'flag', false, false],
  ]);
});

test.each([
  [['bot', 'prod'], { values: { service: 'bot', env: 'prod' } }],
  [['bot', 'prod', 'wrong', 'signature'], { values: { service: 'bot', env: 'prod', query: 'wrong signature' } }],
  [['bot', '--plan', 'prod'], { values: { service: 'bot', env: 'prod', plan: 'true' } }],
  [['bot', 'prod', '--limit', '5'], { values: { service: 'bot', env: 'prod', limit: '5' } }],
  [['bot', 'prod', '--limit=5'], { values: { service: 'bot', env: 'prod', limit: '5' } }],
  [['bot'], { problem: 'missing', name: 'env', values: { service: 'bot' } }],
  [[], { problem: 'missing', name: 'service', values: {} }],
  [['bot', 'prod', '--limit'], { problem: 'no-value', word: '--limit' }],
  [['bot', 'prod', '--force'], { problem: 'unknown-option', word: '--force' }],
])('binds %j', (given, expected) => {
  expect(bind(grammar, given)).toEqual(expected);
});

test('a word without a place is told', () => {
  expect(bind(parameters('<service>'), ['bot', 'stage'])).toEqual({ problem: 'too-many', word: 'stage' });
});
