import { classify, classifyFailure } from './classify';

const error = (code: number, subcode?: number) => ({
  error: { message: 'text', type: 'OAuthException', code, ...(subcode && { error_subcode: subcode }) },
});

test.each([
  ['a message id', 200, { recipient_id: 'a', message_id: 'm' }, { kind: 'sent', messageId: 'm' }],
  ['200 without a message id', 200, {}, { kind: 'doubt' }],
  ['application limit', 400, error(4), { kind: 'limited' }],
  ['user limit', 400, error(17), { kind: 'limited' }],
  ['page limit', 403, error(32), { kind: 'limited' }],
  ['custom limit', 400, error(613), { kind: 'limited' }],
  ['limit of Messenger', 400, error(80006), { kind: 'limited' }],
  ['429 without a body', 429, undefined, { kind: 'limited' }],
  ['unknown error, which may follow a success', 500, error(1), { kind: 'doubt' }],
  ['service error', 500, error(2), { kind: 'doubt' }],
  ['a gateway’s 502', 502, undefined, { kind: 'doubt' }],
  ['temporary failure to send', 500, error(1200), { kind: 'retry' }],
  ['wrong parameter', 400, error(100), { kind: 'permanent', code: '100' }],
  ['nobody of that id', 400, error(100, 2018001), { kind: 'permanent', code: '100/2018001' }],
  ['outside the window', 400, error(10, 2018278), { kind: 'permanent', code: '10/2018278' }],
  ['no permission', 403, error(200), { kind: 'permanent', code: '200' }],
  ['person not available', 400, error(551, 1545041), { kind: 'permanent', code: '551/1545041' }],
  ['404 without a body', 404, undefined, { kind: 'permanent', code: 'http-404' }],
  ['wrong token', 400, error(190), { kind: 'token' }],
  ['page blocked', 400, error(368), { kind: 'token' }],
])('%s', (_name, status, body, verdict) => {
  expect(classify({ status, headers: {}, body })).toMatchObject(verdict);
});

test.each([
  ['seconds', { 'retry-after': '7' }, 7_000],
  [
    'minutes in the usage header',
    { 'x-business-use-case-usage': '{"1":[{"estimated_time_to_regain_access":3}]}' },
    180_000,
  ],
  ['nothing', {}, undefined],
])('how long to wait is told by %s', (_name, headers, retryAfterMs) => {
  expect(classify({ status: 400, headers, body: error(613) })).toMatchObject({ kind: 'limited', retryAfterMs });
});

test.each([
  ['ECONNREFUSED', 'retry'],
  ['ENOTFOUND', 'retry'],
  ['NOT_CONNECTED', 'retry'],
  ['ECONNRESET', 'doubt'],
  ['TIMEOUT', 'doubt'],
  [undefined, 'doubt'],
])('a call that ended with %s means %s', (code, kind) => {
  expect(classifyFailure(code, 'text').kind).toBe(kind);
});
