import { readableLines, withoutSecrets } from './log-lines';

test('a line of JSON becomes level, message and the stack of its error, without frames of Node and of packages', () => {
  const error = {
    type: 'Error',
    message: 'no database',
    stack:
      'Error: no database\n    at open (/app/main.js:3:9)\n    at Module._compile (node:internal/modules:1:1)\n    at x (/app/node_modules/pg/a.js:1:1)',
  };
  expect(readableLines([JSON.stringify({ level: 'error', msg: 'Start failed', error })])).toEqual([
    'error Start failed',
    '  Error: no database',
    '      at open (/app/main.js:3:9)',
  ]);
});

test.each([
  ['numbers of levels are told as words', '{"level":40,"msg":"slow"}', ['warn slow']],
  ['JSON without a message stays', '{"a":1}', ['{"a":1}']],
  ['other lines stay, without colours', '\u001b[31mred\u001b[0m  ', ['red']],
  ['broken JSON stays', '{"level":', ['{"level":']],
  ['empty lines and the version of Node are left out', '   ', []],
  ['the version of Node is left out', 'Node.js v20.20.2', []],
])('%s', (_, line, expected) => {
  expect(readableLines([line])).toEqual(expected);
});

test('values of secrets are shown as their names', () => {
  expect(withoutSecrets('login abcdef123 failed for x', { TOKEN: 'abcdef123', SHORT: 'x' })).toBe(
    'login [TOKEN] failed for x',
  );
});
