import type { Item } from './bank';
import { grade } from './grade';
import { editDistance, normalize, readings } from './spelling';

const item = (fields: Partial<Item> & Pick<Item, 'kind' | 'prompt' | 'answers'>): Item =>
  ({
    id: 'a1-tenses-1',
    level: 'A1',
    skill: 'tenses',
    note: 'n',
    typos: 0,
    options: [],
    words: [],
    ...fields,
  }) as unknown as Item;

const doubts = item({ kind: 'correct', prompt: 'She don’t like tea.', answers: ["She doesn't like tea."] });
const capital = item({ kind: 'short', prompt: 'Opposite of cheap?', answers: ['expensive'], typos: 1 });
const gap = item({ kind: 'gap', prompt: 'He ___ (go) home.', answers: ['goes'], typos: 1 });
const article = item({ kind: 'choice', prompt: 'I need ___ umbrella.', options: ['an', 'a', 'the'], answers: ['an'] });
const long = item({
  kind: 'choice',
  prompt: 'It means …',
  options: ['x', 'a phrase longer than a button'],
  answers: ['x'],
});

test.each([
  ['contractions are written out', doubts, 'she does not like tea', 'right'],
  ['curly apostrophes are apostrophes', doubts, 'She doesn’t like tea', 'right'],
  ['a forgotten apostrophe is forgiven', doubts, 'she doesnt like tea', 'right'],
  ['the mistake itself is wrong', doubts, "She don't like tea.", 'wrong'],
  ['one wrong letter is nearly right where the item permits', capital, 'expansive', 'nearly'],
  ['swapped letters are one slip', capital, 'expesnive', 'nearly'],
  ['two slips are too many', capital, 'expansiv', 'wrong'],
  ['short words forgive nothing', gap, 'goed', 'wrong'],
  ['a whole sentence may be typed for a gap', gap, 'He goes home.', 'right'],
  ['the word “a” is an option before it is a letter', article, 'a', 'wrong'],
  ['an option may be chosen by number', article, '1', 'right'],
  ['an option may be chosen by letter', long, 'A', 'right'],
  ['a letter beyond the options is no answer', long, 'd', 'unclear'],
  ['other words are no answer to a choice', article, 'what do you mean?', 'unclear'],
  ['an emoji is no answer', capital, '👍', 'unclear'],
] as const)('%s', (_name, of, given, verdict) => {
  expect(grade(of, given, of.kind === 'choice' ? of.options : [])).toBe(verdict);
});

test.each([
  ["She's gone", ["she's gone", 'she is gone', 'she has gone']],
  ["I'd go", ['i would go', 'i had go']],
  ["They can't", ['they can not']],
  ["won't", ['will not']],
  ["let's", ['let us']],
  ["I'm", ['i am']],
])('%s reads as %j', (text, expected) => {
  expect(readings(text)).toEqual(expected);
});

test('the number of readings is bounded whatever is typed', () => {
  expect(readings("it's ".repeat(200)).length).toBeLessThanOrEqual(27);
});

test.each([
  ['  Hello,   WORLD!! ', 'hello world'],
  ['“Well-known”', 'well known'],
  ['‘quoted’', 'quoted'],
  ['', ''],
])('%j is normalised to %j', (text, expected) => {
  expect(normalize(text)).toBe(expected);
});

test.each([
  ['kitten', 'sitting', 3],
  ['abcd', 'abdc', 1],
  ['', 'abc', 3],
  ['same', 'same', 0],
])('from %s to %s it is %d edits', (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
});
