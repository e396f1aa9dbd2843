import fc from 'fast-check';
import { inboundMessage } from '../../platform/messages';
import { parseWebhook } from './parse';

const now = new Date('2026-05-01T10:00:00.000Z');
const timestamp = Date.parse('2026-05-01T09:59:58.000Z');
const from = { sender: { id: 'anna' }, recipient: { id: 'page' }, timestamp };
const page = (...messaging: unknown[]) => ({ object: 'page', entry: [{ id: 'page', time: timestamp, messaging }] });
const base = { student: 'anna', page: 'page', sentAt: '2026-05-01T09:59:58.000Z' };

test.each([
  ['a text', { message: { mid: 'm1', text: 'hi' } }, { mid: 'm1', kind: 'text', text: 'hi' }],
  [
    'a quick reply',
    { message: { mid: 'm1', text: 'Yes', quick_reply: { payload: 'YES' } } },
    { mid: 'm1', kind: 'quick_reply', text: 'Yes', payload: 'YES' },
  ],
  [
    'a postback',
    { postback: { mid: 'm1', title: 'Start', payload: 'START' } },
    { mid: 'm1', kind: 'postback', text: 'Start', payload: 'START' },
  ],
  [
    'an attachment',
    { message: { mid: 'm1', attachments: [{ type: 'image', payload: { url: 'https://x/y' } }] } },
    { mid: 'm1', kind: 'attachment', text: '', attachments: [{ type: 'image', url: 'https://x/y' }] },
  ],
  [
    'a text with the preview of its link',
    { message: { mid: 'm1', text: 'see https://x', attachments: [{ type: 'fallback' }] } },
    { mid: 'm1', kind: 'text', text: 'see https://x' },
  ],
  [
    'a text with what PostgreSQL refuses',
    { message: { mid: 'm1', text: 'a\0b\uD800' } },
    { mid: 'm1', kind: 'text', text: 'a\uFFFDb\uFFFD' },
  ],
])('%s is a message', (_name, event, message) => {
  expect(parseWebhook(page({ ...from, ...event }), now)?.messages).toEqual([{ ...base, ...message }]);
});

test.each([
  ['a read receipt', { read: { watermark: 1 } }],
  ['a reaction', { reaction: { reaction: 'love' } }],
  ['a deleted message', { message: { mid: 'm1', is_deleted: true } }],
  ['an echo that is not ours', { message: { mid: 'm1', text: 'x', is_echo: true } }],
  ['a message without id', { message: { text: 'x' } }],
])('%s is none, and costs the others nothing', (_name, event) => {
  const webhook = parseWebhook(page({ ...from, ...event }, { ...from, message: { mid: 'm2', text: 'x' } }), now);
  expect(webhook).toMatchObject({ messages: [{ mid: 'm2' }], echoes: [], others: 1 });
});

test('a batch keeps its order, across entries', () => {
  const text = (mid: string) => ({ ...from, message: { mid, text: mid } });
  const body = {
    object: 'page',
    entry: [...page(text('1'), text('2')).entry, { standby: [] }, ...page(text('3')).entry],
  };
  expect(parseWebhook(body, now)?.messages.map(({ mid }) => mid)).toEqual(['1', '2', '3']);
});

test('an echo with metadata names the reply it proves, and deliveries their messages', () => {
  const echo = {
    sender: { id: 'page' },
    recipient: { id: 'anna' },
    message: { mid: 'm9', is_echo: true, metadata: 'r1', text: 'x' },
  };
  expect(parseWebhook(page(echo, { ...from, delivery: { mids: ['m9'] } }), now)).toEqual({
    messages: [],
    echoes: [{ student: 'anna', mid: 'm9', metadata: 'r1' }],
    delivered: ['m9'],
    others: 0,
  });
});

test('a postback without id gets one that a redelivery has too, and another press has not', () => {
  const press = (at: number) =>
    parseWebhook(page({ ...from, timestamp: at, postback: { title: 'A', payload: 'P' } }), now)?.messages[0]?.mid;
  expect(press(timestamp)).toBe(press(timestamp));
  expect(press(timestamp)).not.toBe(press(timestamp + 1));
});

test.each([[null], [[]], ['page'], [{ object: 'user', entry: [] }], [{ object: 'page' }]])(
  '%j is not a page’s',
  (body) => {
    expect(parseWebhook(body, now)).toBeUndefined();
  },
);

test('no JSON makes it throw, and whatever it returns can be stored', () => {
  const value = fc.jsonValue({ maxDepth: 4 });
  const part = (record: Record<string, fc.Arbitrary<unknown>>) =>
    fc.oneof(value, fc.record(record, { requiredKeys: [] }));
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constant('x'.repeat(5000)),
    fc.constant('\uD800\0'),
  );
  const id = part({ id: fc.oneof(text, fc.integer()) });
  const message = part({
    mid: text,
    text,
    is_echo: fc.boolean(),
    metadata: text,
    quick_reply: part({ payload: text }),
    attachments: fc.oneof(value, fc.array(part({ type: text, payload: part({ url: text }) }), { maxLength: 40 })),
  });
  const event = part({
    sender: id,
    recipient: id,
    timestamp: fc.oneof(fc.double(), fc.constant(timestamp)),
    message,
    postback: part({ mid: text, title: text, payload: text }),
    delivery: part({ mids: fc.oneof(value, fc.array(text)) }),
  });
  const body = part({
    object: fc.constant('page'),
    entry: fc.array(part({ id: text, messaging: fc.oneof(value, fc.array(event)) })),
  });
  fc.assert(
    fc.property(body, (json) => {
      for (const parsed of parseWebhook(json, now)?.messages ?? []) {
        expect(inboundMessage.safeParse(parsed).error).toBeUndefined();
        expect(JSON.stringify(parsed)).not.toMatch(/\\u0000|\\ud[89a-f]/i);
      }
    }),
    { numRuns: 500 },
  );
});
