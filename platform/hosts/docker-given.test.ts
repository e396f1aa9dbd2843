import fc from 'fast-check';
import { Given } from './docker-given';

/** `3` is the message of that time, `3-` a part of it that is not the last. */
const frame = (message: string, stream: 'stdout' | 'stderr' = 'stdout') => ({
  stream,
  time: `2026-01-01T00:00:00.${message.replace('-', '').padStart(9, '0')}Z`,
  payload: Buffer.from(message.endsWith('-') ? 'part' : 'end\n'),
});

/** What is given of messages; `|` is a lost connection. */
function given(messages: readonly string[]): string[] {
  const log = new Given();
  return messages.filter((message) => {
    if (message === '|') log.repeat();
    return message !== '|' && log.take(frame(message));
  });
}

test.each([
  ['each message once', '1 2 3', '1 2 3'],
  ['parts of a long line, which share a time', '1 2- 2- 2 3', '1 2- 2- 2 3'],
  ['what comes again after a lost connection', '1 2 | 2 3', '1 2 3'],
  ['what comes again of a line that was cut in two by it', '1 2- 2- | 2- 2- 2 3', '1 2- 2- 2 3'],
  ['what an engine reads twice', '1 2 3 4 2 3 4 5', '1 2 3 4 5'],
  ['the last message, if that is all it reads twice', '1 2 3 3 3 4', '1 2 3 4'],
  ['a long one as well', '1 2- 2 2- 2 3', '1 2- 2 3'],
  ['long lines that it reads twice', '1 2- 2 3- 3- 2- 2 3- 3- 3 4', '1 2- 2 3- 3- 3 4'],
  ['a clock that was put back', '5 6 1 2 3', '5 6 1 2 3'],
  ['several losses', '1 | 1 2 | | 2 3', '1 2 3'],
])('%s', (_, messages, expected) => {
  expect(given(messages.split(' ')).join(' ')).toBe(expected);
});

test('streams are told apart', () => {
  const log = new Given();
  expect([log.take(frame('1')), log.take(frame('1', 'stderr')), log.take(frame('1'))]).toEqual([true, true, false]);
});

test('wherever the connection is lost, every message is given once and in order', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(lengths, fc.array(fc.nat({ max: 100 })), (counts, cuts) => {
      const log = counts.flatMap((count, i) =>
        Array.from({ length: count }, (_, part) => (part < count - 1 ? `${i}-` : `${i}`)),
      );
      const timeOf = (message: string) => message.replace('-', '');
      const seen: string[] = [];
      let at = 0;
      for (const cut of [...cuts, log.length]) {
        const until = Math.min(log.length, at + cut);
        // As the engine does: from the first message of the time of the last that was read.
        const from = at === 0 ? 0 : log.findIndex((message) => timeOf(message) === timeOf(log[at - 1]!));
        seen.push('|', ...log.slice(from, until));
        at = until;
      }
      expect(given(seen)).toEqual(log);
    }),
  );
});
