import { createBank, type Item, levels, loadBank, skills } from './bank';
import { showExercise } from './exercise';
import { completed, grade } from './grade';
import { commandWords } from './intent';
import { normalize } from './spelling';

const bank = loadBank();

test('the bank has at least 130 items, and every level at least 20', () => {
  expect(bank.items.length).toBeGreaterThanOrEqual(130);
  for (const level of levels) expect(bank.at(level).length).toBeGreaterThanOrEqual(20);
});

test('every level mixes at least eight skills and five kinds, and no skill fills a quarter of it', () => {
  for (const level of levels) {
    const items = bank.at(level);
    expect(new Set(items.map(({ skill }) => skill)).size).toBeGreaterThanOrEqual(8);
    expect(new Set(items.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(5);
    for (const skill of skills)
      expect(items.filter((item) => item.skill === skill).length).toBeLessThan(items.length / 4);
  }
});

test('every skill has items', () => {
  expect([...new Set(bank.items.map(({ skill }) => skill))].sort()).toEqual([...skills]);
});

test('ids and prompts are unique and ids begin with their level', () => {
  const asked = bank.items.map((item) => `${item.prompt} ${item.kind === 'order' ? item.words.join() : ''}`);
  expect(new Set(bank.items.map(({ id }) => id)).size).toBe(bank.items.length);
  expect(new Set(asked).size).toBe(bank.items.length);
  for (const { id, level, skill } of bank.items)
    expect(id).toMatch(new RegExp(`^${level.toLowerCase()}-${skill}-\\d+$`));
});

describe.each(bank.items.map((item) => [item.id, item] as const))('%s', (_id, item: Item) => {
  const shown = item.kind === 'choice' ? item.options : [];

  test('accepts its answers, alone and in the whole sentence', () => {
    for (const answer of item.answers) {
      expect(grade(item, answer, shown)).toBe('right');
      expect(grade(item, `  ${answer.toUpperCase()}!! `, shown)).toBe('right');
      for (const sentence of completed(item.prompt, answer)) expect(grade(item, sentence, shown)).toBe('right');
    }
  });

  test('fits into a message and its buttons', () => {
    const { text, quickReplies } = showExercise(item, 1, shown);
    expect(text.length).toBeLessThanOrEqual(640);
    expect(quickReplies.length).toBeLessThanOrEqual(13);
    for (const { title } of quickReplies) expect(title.length).toBeLessThanOrEqual(20);
  });

  test('has no answer that is a command', () => {
    for (const answer of item.answers) expect(commandWords).not.toContain(normalize(answer));
  });

  test('refuses what is wrong', () => {
    if (item.kind === 'choice') {
      expect(item.answers).toHaveLength(1);
      expect(item.options).toContain(item.answers[0]);
      expect(new Set(item.options.map(normalize)).size).toBe(item.options.length);
      for (const option of item.options)
        expect(grade(item, option, shown)).toBe(item.answers.includes(option) ? 'right' : 'wrong');
    }
    if (item.kind === 'correct') expect(grade(item, item.prompt)).toBe('wrong');
    if (item.kind === 'gap' || item.kind === 'rephrase')
      expect(item.prompt.split('\n').at(-1)).toMatch(/^[^_]*___[^_]*$/);
    if (item.kind === 'gap') {
      const infinitive = /\((\w+)\)/.exec(item.prompt)?.[1];
      if (infinitive) expect(grade(item, infinitive)).toBe('wrong');
    }
    if (item.kind === 'order') {
      expect(grade(item, item.words.join(' '))).toBe('wrong');
      const words = (text: string) => normalize(text).split(' ').sort();
      for (const answer of item.answers) expect(words(answer)).toEqual(words(item.words.join(' ')));
    }
    expect(grade(item, '…?!', shown)).toBe('unclear');
  });
});

test('an unknown item is undefined, so that a release without it can go on', () => {
  expect(createBank([]).get('a1-articles-1')).toBeUndefined();
});
