import { silent } from '../../platform/log';
import { type Editor, type EditTarget, openEditor } from './editor';
import type { Fault } from './fault';
import { type Message, say, table } from './message';

class Failure extends Error {
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault.kind);
    this.fault = fault;
  }
}

const start = new Date('2026-03-02T10:00:00Z').getTime();
let sent: { at: number; ts: string; text: string }[];
let answers: (Fault | undefined)[];
let editor: Editor;

beforeEach(() => {
  jest.useFakeTimers({ now: start });
  sent = [];
  answers = [];
  editor = openEditor({
    perMinute: 45,
    keptForFinal: 5,
    spacingMs: 3_000,
    log: silent,
    faultOf: (error) => (error as Failure).fault,
    async update({ ts }: EditTarget, message: Message) {
      sent.push({ at: Date.now() - start, ts, text: message.text });
      const answer = answers.shift();
      if (answer) throw new Failure(answer);
    },
  });
});
afterEach(() => {
  editor.close();
  jest.useRealTimers();
});

const at = (ts: string): EditTarget => ({ channel: 'C1', ts });
const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

test('the newest state wins over those that had to wait', async () => {
  void editor.edit(at('1'), say('one'));
  await pass(0);
  const second = editor.edit(at('1'), say('two'));
  void editor.edit(at('1'), say('three'));
  await pass(3_000);
  expect(await second).toBe('replaced');
  expect(sent).toEqual([
    { at: 0, ts: '1', text: 'one' },
    { at: 3_000, ts: '1', text: 'three' },
  ]);
});

test('a later state never takes the place of a final one in the queue', async () => {
  answers.push({ kind: 'limited', retryMs: 5_000 });
  const final = editor.edit(at('1'), say('done'), { final: true });
  await pass(4_999);
  expect(sent).toHaveLength(1);
  await pass(1);
  expect(await final).toBe('sent');
});

test('twenty messages changing every second stay within 45 edits a minute, and every final state arrives', async () => {
  const keys = Array.from({ length: 20 }, (_, i) => String(i));
  for (let second = 0; second < 90; second++) {
    for (const key of keys) void editor.edit(at(key), say(`${key} at ${second}`));
    await pass(1_000);
  }
  const finals = keys.map((key) => editor.edit(at(key), say(`${key} done`), { final: true }));
  await pass(120_000);
  expect(await Promise.all(finals)).toEqual(keys.map(() => 'sent'));
  for (const edit of sent) {
    expect(sent.filter((other) => other.at > edit.at - 60_000 && other.at <= edit.at).length).toBeLessThanOrEqual(45);
  }
  for (const key of keys) {
    const own = sent.filter((edit) => edit.ts === key);
    expect(own.at(-1)?.text).toBe(`${key} done`);
    expect(own.slice(1).every((edit, i) => edit.at - own[i]!.at >= 3_000)).toBe(true);
  }
  const firstMinute = keys.map((key) => sent.filter((edit) => edit.ts === key && edit.at < 60_000).length);
  expect(Math.max(...firstMinute) - Math.min(...firstMinute)).toBeLessThanOrEqual(1);
});

test('a 429 silences edits for as long as Slack says, then the newest state is sent', async () => {
  answers.push({ kind: 'limited', retryMs: 10_000 });
  void editor.edit(at('1'), say('one'));
  await pass(2_000);
  void editor.edit(at('1'), say('two'));
  void editor.edit(at('2'), say('other'));
  await pass(7_999);
  expect(sent).toHaveLength(1);
  await pass(1);
  expect(
    sent
      .slice(1)
      .map((edit) => edit.text)
      .sort(),
  ).toEqual(['other', 'two']);
});

test('while Slack is away edits wait with growing pauses, and the final state arrives when it is back', async () => {
  answers.push(...Array.from({ length: 8 }, () => ({ kind: 'away' as const, why: 'ECONNREFUSED' })));
  const final = editor.edit(at('1'), say('done'), { final: true });
  await pass(5 * 60_000);
  expect(await final).toBe('sent');
  expect(sent).toHaveLength(9);
  expect(sent.slice(1).every((edit, i) => edit.at - sent[i]!.at >= 500)).toBe(true);
});

test('a message that is gone is given up', async () => {
  answers.push({ kind: 'gone', why: 'message_not_found' });
  const edit = editor.edit(at('1'), say('one'), { final: true });
  await pass(0);
  expect(await edit).toBe('lost');
  await pass(60_000);
  expect(sent).toHaveLength(1);
});

test('a workspace that does not know a block gets the plain form', async () => {
  answers.push({ kind: 'form', why: 'invalid_blocks' });
  const edit = editor.edit(at('1'), say('one', [table([['a'], ['b']])]), { final: true });
  await pass(3_000);
  expect(await edit).toBe('sent');
  expect(sent.map(({ text }) => text)).toEqual(['one', 'one']);
});

test('after close nothing is sent', async () => {
  answers.push({ kind: 'limited', retryMs: 1_000 });
  const edit = editor.edit(at('1'), say('one'));
  await pass(10);
  editor.close();
  expect(await edit).toBe('lost');
  expect(await editor.edit(at('2'), say('two'))).toBe('lost');
  await pass(60_000);
  expect(sent).toHaveLength(1);
});
