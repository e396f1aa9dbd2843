import { argumentsOf } from './command-line';

test.each([
  ['plain words run directly', 'node -r ./a.js main.js', ['node', '-r', './a.js', 'main.js']],
  ['quotes keep spaces together', `node -e "a b" 'c d'e`, ['node', '-e', 'a b', 'c de']],
  ['an empty quoted word is a word', `run "" x`, ['run', '', 'x']],
  ['a variable needs a shell, which steps aside', 'serve $PORT', ['/bin/sh', '-c', 'exec serve $PORT']],
  ['several commands need a shell that stays', 'a && b', ['/bin/sh', '-c', 'a && b']],
  ['an open quote is left to the shell to refuse', `echo 'a`, ['/bin/sh', '-c', `exec echo 'a`]],
])('%s', (_, line, expected) => {
  expect(argumentsOf(line)).toEqual(expected);
});
