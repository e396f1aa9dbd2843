import { type Desk, openDesk, section, tokens } from '../../test/workspace';
import type { Json } from './json';

let desk: Desk;

beforeAll(async () => {
  desk = await openDesk();
});
beforeEach(() => desk.start());
afterEach(() => desk.stop());
afterAll(() => desk.drop());

test('with limits on, the fourth post in a row to a channel gets 429 and when to come back', async () => {
  await desk.stop();
  await desk.start('on');
  const results = [];
  for (let index = 0; index < 4; index += 1)
    results.push(await desk.call('chat.postMessage', { channel: 'C0DEPLOYS', text: 'x' }));
  expect(results.map((result) => result.status)).toEqual([200, 200, 200, 429]);
  expect(results[3]?.headers.get('retry-after')).toBe('1');
  expect(results[3]?.answer).toEqual({ ok: false, error: 'ratelimited' });
  expect((await desk.call('chat.postMessage', { channel: 'C0ALERTS', text: 'x' })).status).toBe(200);
});

test.each<[string, string, Json, string]>([
  ['no token of ours', 'auth.test', { token: 'x' }, 'invalid_auth'],
  ['an unknown method', 'chat.shout', {}, 'unknown_method'],
  ['an unknown channel', 'chat.postMessage', { channel: 'C404', text: 'x' }, 'channel_not_found'],
  ['a message without anything', 'chat.postMessage', { channel: 'C0DEPLOYS' }, 'no_text'],
  ['blocks that are no list', 'chat.postMessage', { channel: 'C0DEPLOYS', blocks: '{}' }, 'invalid_blocks_format'],
  [
    'an edit of nothing',
    'chat.update',
    { channel: 'C0DEPLOYS', ts: '1000000000.000001', text: 'x' },
    'message_not_found',
  ],
  [
    'an edit that is too long',
    'chat.update',
    { channel: 'C0DEPLOYS', ts: 'OWN', text: 'x'.repeat(40_001) },
    'msg_too_long',
  ],
  [
    'an edit of a person’s message',
    'chat.update',
    { channel: 'C0DEPLOYS', ts: 'THEIRS', text: 'x' },
    'cant_update_message',
  ],
  [
    'a whisper to someone who is not there',
    'chat.postEphemeral',
    { channel: 'D0ALICE', user: 'U0BOB', text: 'x' },
    'user_not_in_channel',
  ],
  [
    'a reply to nothing',
    'chat.postMessage',
    { channel: 'C0DEPLOYS', text: 'x', thread_ts: '1000000000.000001' },
    'thread_not_found',
  ],
  ['an unknown user', 'users.info', { user: 'U404' }, 'user_not_found'],
  [
    'a trigger nobody gave',
    'views.open',
    { trigger_id: '1', view: { type: 'modal', title: { type: 'plain_text', text: 'x' }, blocks: [section('x')] } },
    'invalid_trigger_id',
  ],
])('%s: %s refuses with its own word', async (_name, method, args, error) => {
  const own = await desk.call('chat.postMessage', { channel: 'C0DEPLOYS', text: 'mine' });
  await desk.send('theirs');
  const theirs = await desk.shown((message) => message['text'] === 'theirs');
  const ts = { OWN: own.answer['ts'], THEIRS: theirs['ts'] }[String(args['ts'])] ?? args['ts'];
  const { status, answer, headers } = await desk.call(
    method,
    { ...args, ...(ts !== undefined && { ts }) },
    method === 'auth.test' ? 'xoxb-wrong' : tokens.bot,
  );
  expect([status, answer['ok'], answer['error']]).toEqual([200, false, error]);
  expect(headers.get('x-slack-req-id')).toBeTruthy();
});

test('text without blocks removes the blocks of a message, blocks without text keep its text', async () => {
  const { answer } = await desk.call('chat.postMessage', {
    channel: 'C0DEPLOYS',
    text: 'one',
    blocks: [section('one')],
  });
  const place = { channel: 'C0DEPLOYS', ts: answer['ts'] };
  const blocksOnly = await desk.call('chat.update', { ...place, blocks: [section('two')] });
  expect(blocksOnly.answer['message']).toMatchObject({ text: 'one' });
  expect(blocksOnly.answer['message']).not.toHaveProperty('edited');
  const textOnly = await desk.call('chat.update', { ...place, text: 'three' });
  expect(textOnly.answer['message']).toMatchObject({ text: 'three', edited: { user: 'U0EDWIN' } });
  expect(textOnly.answer['message']).not.toHaveProperty('blocks');
});

test('forms with nested JSON and GET are understood as well as JSON bodies', async () => {
  const authorization = `Bearer ${tokens.bot}`;
  const form = await fetch(`${desk.url}/slack/api/chat.postMessage`, {
    method: 'POST',
    headers: { authorization },
    body: new URLSearchParams({ channel: 'C0DEPLOYS', text: 'x', blocks: JSON.stringify([section('form')]) }),
  });
  expect(await form.json()).toMatchObject({ ok: true, message: { blocks: [{ text: { text: 'form' } }] } });
  const get = await fetch(`${desk.url}/slack/api/conversations.list?limit=1`, { headers: { authorization } });
  expect(await get.json()).toMatchObject({
    ok: true,
    channels: [{ name: 'deploys' }],
    response_metadata: { next_cursor: expect.stringMatching(/.+/) },
  });
});

test('what was said is still there after a restart, and new messages come after it', async () => {
  const before = await desk.call('chat.postMessage', { channel: 'C0RELEASES', text: 'before' });
  await desk.stop();
  await desk.start();
  const after = await desk.call('chat.postMessage', { channel: 'C0RELEASES', text: 'after' });
  const history = await desk.call('conversations.history', { channel: 'C0RELEASES' });
  expect((history.answer['messages'] as Json[]).map((message) => message['text'])).toEqual(['after', 'before']);
  expect(String(after.answer['ts']) > String(before.answer['ts'])).toBe(true);
});
