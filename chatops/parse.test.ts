import { normalised, parse, words } from './parse';

test.each([
  ['deploy bot stage', ['deploy', 'bot', 'stage']],
  ['  deploy   bot\tstage ', ['deploy', 'bot', 'stage']],
  ['logs bot prod "wrong signature"', ['logs', 'bot', 'prod', 'wrong signature']],
  ['logs bot prod “wrong signature”', ['logs', 'bot', 'prod', 'wrong signature']],
  ["logs bot prod 'two words'", ['logs', 'bot', 'prod', 'two words']],
  ['logs bot prod "open to the end', ['logs', 'bot', 'prod', 'open to the end']],
  ['deploy bot stage —plan', ['deploy', 'bot', 'stage', '--plan']],
  ['deploy bot stage --limit=5', ['deploy', 'bot', 'stage', '--limit=5']],
  ['logs bot prod it"s a"', ['logs', 'bot', 'prod', 'its a']],
  ['', []],
])('reads the words of %j', (text, expected) => {
  expect(words(text)).toEqual(expected);
});

test.each([
  '/edwin deploy bot stage',
  '/deploy bot stage',
  'edwin deploy bot stage',
  'deploy bot stage',
  'Deploy bot stage',
  '/edwin /deploy bot stage',
])('%j is the same command', (text) => {
  expect(parse(text)).toEqual({ verb: 'deploy', rest: ['bot', 'stage'] });
});

test('a prefix before the short names is not part of the verb', () => {
  expect(parse('/acme-deploy bot stage', 'acme-').verb).toBe('deploy');
  expect(parse('/edwin deploy bot', 'acme-').verb).toBe('deploy');
});

test('nothing but the name of Edwin is no verb', () => {
  expect(parse('/edwin').verb).toBe('');
  expect(parse('').verb).toBe('');
});

test('texts that mean the same are normalised to the same', () => {
  const { verb, rest } = parse('/edwin Deploy  bot "stage"');
  expect(normalised(verb, rest)).toBe('deploy bot stage');
  expect(normalised('logs', ['bot', 'two words'])).toBe('logs bot "two words"');
});
