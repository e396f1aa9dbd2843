import { expand } from './expand';

const values: Record<string, string> = { HOST: 'page', EMPTY: '', A: '${B}' };
const value = (name: string): string | undefined => values[name];

test.each([
  ['a plain text stays as it is', 'plain $HOST text', 'plain $HOST text'],
  ['a name is replaced by its value', 'http://${HOST}/x', 'http://page/x'],
  ['a default stands in for what is not set', '${NOBODY:-else}', 'else'],
  ['an empty value counts as not set', '${EMPTY:-else}', 'else'],
  ['a default may be empty', 'a${NOBODY:-}b', 'ab'],
  ['a default may hold further names', '${NOBODY:-${HOST}/messenger/${STAGE:-dev}}', 'page/messenger/dev'],
  ['a default that is not needed may name what is not set', '${HOST:-${NOBODY}}', 'page'],
  ['values are not expanded again', '${A}', '${B}'],
  ['a doubled dollar stands for itself before a brace', '$${HOST}', '${HOST}'],
  ['braces outside of names stay', '{"a": {"b": "${HOST}"}}', '{"a": {"b": "page"}}'],
])('%s', (_, text, expected) => {
  expect(expand(text, value, 'URL')).toBe(expected);
});

test.each([
  ['a name that is not set', '${NOBODY}', 'Setting URL needs NOBODY, which is not set.'],
  ['a default that is needed and not set', '${NOBODY:-${NEITHER}}', 'Setting URL needs NEITHER, which is not set.'],
  ['a missing brace', '${NOBODY:-x', 'Setting URL lacks a closing brace.'],
  ['no name', '${}', 'Setting URL has ${ without a name and a closing brace.'],
])('%s is a mistake that names the setting', (_, text, message) => {
  expect(() => expand(text, value, 'URL')).toThrow(message);
});
