import {
  buttons,
  cut,
  escaped,
  facts,
  headline,
  limits,
  paragraph,
  plain,
  preformatted,
  say,
  table,
  withinLimits,
} from './message';

test('texts are cut to their limit, with an ellipsis, never inside a character', () => {
  expect(cut('short', 10)).toBe('short');
  expect(cut('x'.repeat(20), 10)).toBe(`${'x'.repeat(9)}…`);
  expect(cut(`${'x'.repeat(8)}🟩🟩`, 10)).toBe(`${'x'.repeat(8)}…`);
});

test('the three control characters are escaped', () => {
  expect(escaped('<!channel> & <@U1>')).toBe('&lt;!channel&gt; &amp; &lt;@U1&gt;');
});

test('builders keep to the limits of each block', () => {
  const long = 'x'.repeat(5_000);
  const section = facts(Array.from({ length: 20 }, () => ({ label: 'L', value: long })));
  expect(section.fields).toHaveLength(limits.fields);
  expect(section.fields!.every((field) => field.text.length <= limits.field)).toBe(true);
  const [actions] = buttons(
    Array.from({ length: 5 }, () => ({
      text: long,
      action: 'a',
      value: 'v',
      danger: { title: long, text: long, yes: long, no: long },
    })),
  );
  expect(actions?.elements).toHaveLength(limits.buttons);
  expect(actions?.elements[0]).toMatchObject({
    text: { text: expect.stringMatching(/^x{74}…$/) },
    confirm: {
      title: { text: expect.stringMatching(/^x{99}…$/) },
      confirm: { text: expect.stringMatching(/^x{29}…$/) },
    },
  });
  expect(JSON.stringify(headline(long)).length).toBeLessThan(3_200);
  expect(buttons([])).toEqual([]);
});

test('a table says how many rows it left out', () => {
  const { rows } = table([['a', 'b'], ...Array.from({ length: 300 }, (_, i) => [`row ${i}`, ''])]);
  expect(rows).toHaveLength(limits.tableRows);
  expect(rows.at(-1)?.[0]).toEqual({ type: 'raw_text', text: '… 202 more' });
});

test('a message of any size fits: at most fifty blocks and 13,200 characters, its last block kept', () => {
  const blocks = [
    ...Array.from({ length: 80 }, (_, i) => paragraph(`${i} ${'x'.repeat(2_900)}`)),
    ...buttons([{ text: 'Go', action: 'go' }]),
  ];
  const message = withinLimits({ text: 'y'.repeat(50_000), blocks });
  expect(message.blocks).toHaveLength(50);
  expect(message.blocks.at(-1)?.type).toBe('actions');
  const all = JSON.stringify(message.blocks)
    .match(/"text":"([^"]*)"/g)!
    .reduce((sum, found) => sum + found.length - 9, 0);
  expect(all).toBeLessThanOrEqual(limits.allText);
  expect(message.text.length).toBeLessThanOrEqual(limits.text);
});

test('the plain form has only what every workspace knows', () => {
  const { blocks } = plain(say('One sentence.', [table([['a']]), preformatted(['line'])]), ['a  b']);
  expect(blocks.map((block) => block.type)).toEqual(['section', 'rich_text']);
});
