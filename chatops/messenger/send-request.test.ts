import { graphErrorBody, graphErrors } from './graph-error';
import { readSend, refusal } from './send-request';

const body = (message: object, more: object = {}) => ({
  recipient: { id: 'anna' },
  messaging_type: 'RESPONSE',
  message,
  ...more,
});

test('a message with quick replies and metadata is read', () => {
  const quick_replies = [{ content_type: 'text', title: 'Yes', payload: 'YES' }];
  expect(readSend(body({ text: 'Ready?', quick_replies, metadata: 'r1' }))).toEqual({
    kind: 'message',
    wanted: {
      student: 'anna',
      text: 'Ready?',
      quickReplies: [{ title: 'Yes', payload: 'YES' }],
      metadata: 'r1',
    },
  });
});

test.each([
  ['nothing', undefined, /recipient|object/i],
  ['no recipient', { message: { text: 'x' } }, /recipient/],
  ['no message', { recipient: { id: 'anna' } }, /message/],
  ['no text', body({}), /cannot be empty/],
  ['an empty text', body({ text: '' }), /cannot be empty/],
  ['a text too long', body({ text: 'x'.repeat(2001) }), /2000/],
  [
    '14 quick replies',
    body({ text: 'x', quick_replies: Array(14).fill({ content_type: 'text', title: 'a', payload: 'b' }) }),
    /13/,
  ],
  ['a wrong type', body({ text: 'x' }, { messaging_type: 'SHOUT' }), /messaging_type/],
  ['an action with a message', body({ text: 'x' }, { sender_action: 'typing_on' }), /both/],
])('%s is error 100 with the reason', (_name, given, reason) => {
  expect(readSend(given)).toEqual({
    kind: 'error',
    error: expect.objectContaining({ code: 100, message: expect.stringMatching(reason) }),
  });
});

const now = new Date('2026-05-02T10:00:00Z');
const student = { id: 'anna', wroteAt: new Date('2026-05-01T10:00:01Z'), blocked: false };
test.each([
  ['within the window', student, undefined],
  ['after 24 hours', { ...student, wroteAt: new Date('2026-05-01T10:00:00Z') }, graphErrors.window],
  ['who never wrote', { ...student, wroteAt: undefined }, graphErrors.window],
  ['who blocked the page', { ...student, blocked: true }, graphErrors.unavailable],
  ['who does not exist', undefined, graphErrors.nobody],
])('a student %s', (_name, whom, error) => {
  expect(refusal(whom, now)).toBe(error);
});

test('errors have the shape of the Graph API', () => {
  expect(graphErrorBody(graphErrors.window)).toEqual({
    error: {
      message: expect.any(String),
      type: 'OAuthException',
      code: 10,
      error_subcode: 2018278,
      fbtrace_id: expect.any(String),
    },
  });
});
