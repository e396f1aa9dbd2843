import { once } from 'node:events';

import { App, LogLevel, SocketModeReceiver } from '@slack/bolt';
import fastify, { type FastifyInstance } from 'fastify';
import { silent } from '../../platform/log';
import { createTestDatabase, type TestDatabase } from '../../test/database';
import { until } from '../../test/until';
import type { FeedEvent } from './feed';
import type { Json } from './json';
import type { Timing } from './timing';
import { openWorkspace, type Workspace } from './workspace';

const tokens = { bot: 'xoxb-local', app: 'xapp-local' };
const shortClocks: Partial<Timing> = { acknowledge: 1000, redeliver: [120, 240], warning: 60 };
const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });

let database: TestDatabase;
let http: FastifyInstance;
let workspace: Workspace;
let url: string;
let seen: FeedEvent[];
const running: App[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(() => start());
afterEach(() => stop());
afterAll(() => database.drop());

async function start(latency: 'off' | 'on' = 'off'): Promise<void> {
  workspace = await openWorkspace({
    pool: database.pool,
    tokens,
    latency,
    url: () => url,
    log: silent,
    timing: shortClocks,
  });
  http = fastify();
  await http.register(workspace.routes, { prefix: '/slack' });
  await http.register(workspace.browser, { prefix: '/ui' });
  http.server.on('upgrade', (request, socket, head) => workspace.handleUpgrade(request, socket, head));
  url = await http.listen({ port: 0, host: '127.0.0.1' });
  seen = [];
  workspace.feed.subscribe((event) => seen.push(event));
}

async function stop(): Promise<void> {
  await Promise.all(running.splice(0).map((app) => app.stop()));
  workspace.close();
  await http.close();
}

/** The SDK as the product uses it, on nothing but its public options. */
async function startApp(prepare: (app: App) => void, receivers = 1): Promise<void> {
  for (let index = 0; index < receivers; index += 1) {
    const clientOptions = { slackApiUrl: `${url}/slack/api/` };
    const receiver = new SocketModeReceiver({
      appToken: tokens.app,
      logLevel: LogLevel.ERROR,
      installerOptions: { clientOptions },
      clientPingTimeout: 1000,
    });
    const app = new App({ token: tokens.bot, receiver, clientOptions, logLevel: LogLevel.ERROR });
    prepare(app);
    await app.start();
    running.push(app);
  }
  await until(() => workspace.connections === receivers, { what: 'every socket' });
}

async function act(path: string, body: Json): Promise<Json> {
  const response = await fetch(`${url}/ui${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await response.json()) as Json;
}

const send = (text: string, more: Json = {}) => act('/send', { user: 'U0ALICE', channel: 'C0DEPLOYS', text, ...more });

async function call(
  method: string,
  args: Json,
  token = tokens.bot,
): Promise<{ status: number; headers: Headers; answer: Json }> {
  const response = await fetch(`${url}/slack/api/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(args),
  });
  return { status: response.status, headers: response.headers, answer: (await response.json()) as Json };
}

async function shown(match: (message: Json) => boolean): Promise<Json> {
  return until(
    () =>
      seen
        .map((event) => event.data['message'] as Json | undefined)
        .findLast((message) => message !== undefined && match(message)),
    { what: 'a message on the page' },
  );
}

test('a command is acknowledged, answered by a message, edited, and continued in its thread', async () => {
  await startApp((app) => {
    app.command('/deploy', async ({ ack, command, client }) => {
      await ack();
      const posted = await client.chat.postMessage({
        channel: command.channel_id,
        text: `Deploying ${command.text}`,
        blocks: [section('*Deploying*')],
      });
      await client.chat.update({
        channel: command.channel_id,
        ts: posted.ts as string,
        text: 'bot 42 serves',
        blocks: [section('*Done*')],
      });
      await client.chat.postMessage({ channel: command.channel_id, thread_ts: posted.ts as string, text: 'Took 3 s' });
    });
  });
  expect(await send('/deploy bot stage')).toEqual({ ok: true });
  const reply = await shown((message) => message['text'] === 'Took 3 s');
  const first = await shown((message) => message['reply_count'] === 1);
  expect(first).toMatchObject({
    ts: reply['thread_ts'],
    text: 'bot 42 serves',
    bot_id: 'B0EDWIN',
    edited: { user: 'U0EDWIN' },
  });
  const typed = await shown((message) => message['subtype'] === 'command');
  expect(typed).toMatchObject({ user: 'U0ALICE', text: '/deploy bot stage' });
  expect(String(typed['ts']) < String(first['ts'])).toBe(true);

  const history = await call('conversations.history', { channel: 'deploys' });
  expect((history.answer['messages'] as Json[]).map((message) => message['text'])).toEqual(['bot 42 serves']);
  const replies = await call('conversations.replies', { channel: 'C0DEPLOYS', ts: String(reply['thread_ts']) });
  expect((replies.answer['messages'] as Json[]).map((message) => message['text'])).toEqual([
    'bot 42 serves',
    'Took 3 s',
  ]);
});

test('a button opens a modal, whose answers come back with its state', async () => {
  let submitted: unknown;
  await startApp((app) => {
    app.action('why', async ({ ack, body, client }) => {
      await ack();
      const input = {
        type: 'input' as const,
        block_id: 'reason',
        label: { type: 'plain_text' as const, text: 'Why' },
        element: { type: 'plain_text_input' as const, action_id: 'text' },
      };
      const trigger_id = (body as unknown as { trigger_id: string }).trigger_id;
      await client.views.open({
        trigger_id,
        view: {
          type: 'modal',
          callback_id: 'ask',
          private_metadata: 'm',
          title: { type: 'plain_text', text: 'Lock' },
          submit: { type: 'plain_text', text: 'Lock it' },
          blocks: [input],
        },
      });
      await expect(
        client.views.open({
          trigger_id,
          view: { type: 'modal', title: { type: 'plain_text', text: 'x' }, blocks: [section('x')] },
        }),
      ).rejects.toMatchObject({ data: { error: 'exchanged_trigger_id' } });
    });
    app.view('ask', async ({ ack, view }) => {
      submitted = { values: view.state.values, metadata: view.private_metadata };
      const text = view.state.values['reason']?.['text']?.value;
      if (text === 'no') await ack({ response_action: 'errors', errors: { reason: 'Say more.' } });
      else await ack();
    });
  });
  const posted = await call('chat.postMessage', {
    channel: 'C0DEPLOYS',
    text: 'x',
    blocks: [
      {
        type: 'actions',
        block_id: 'b',
        elements: [{ type: 'button', action_id: 'why', text: { type: 'plain_text', text: 'Why' } }],
      },
    ],
  });
  expect(
    await act('/press', {
      user: 'U0BOB',
      channel: 'C0DEPLOYS',
      ts: posted.answer['ts'],
      blockId: 'b',
      actionId: 'why',
    }),
  ).toEqual({ ok: true });
  const opened = await until(() => seen.find((event) => event.type === 'view' && event.to === 'U0BOB'), {
    what: 'the modal',
  });
  const view = (opened.data['view'] as Json)['id'];
  const answer = (value: string) =>
    act('/view/submit', { user: 'U0BOB', view, values: { reason: { text: { type: 'plain_text_input', value } } } });
  expect(await answer('')).toEqual({ ok: true, errors: { reason: 'Please complete this required field.' } });
  expect(await answer('no')).toEqual({ ok: true, errors: { reason: 'Say more.' } });
  expect(await answer('broken')).toEqual({ ok: true });
  expect(submitted).toEqual({
    values: { reason: { text: { type: 'plain_text_input', value: 'broken' } } },
    metadata: 'm',
  });
  expect(seen.at(-1)).toMatchObject({ type: 'view_closed', to: 'U0BOB' });
});

test('a mention in a thread reaches the app with its thread', async () => {
  const mentions: Json[] = [];
  await startApp((app) => {
    app.event('app_mention', async ({ event }) => void mentions.push(event as unknown as Json));
  });
  const posted = await call('chat.postMessage', { channel: 'C0DEPLOYS', text: 'bot 42 serves' });
  await send('@edwin roll back <now>', { threadTs: posted.answer['ts'] });
  await until(() => mentions.length > 0, { what: 'the mention' });
  expect(mentions[0]).toMatchObject({
    type: 'app_mention',
    user: 'U0ALICE',
    text: '<@U0EDWIN> roll back &lt;now&gt;',
    thread_ts: posted.answer['ts'],
    channel: 'C0DEPLOYS',
  });
});

test('nobody connected: the command fails at once and nothing is kept of it', async () => {
  expect(await send('/deploy bot prod')).toEqual({ ok: false, error: 'dispatch_failed' });
  expect(seen.map((event) => event.type)).toEqual(['ephemeral']);
  expect((seen[0]!.data['message'] as Json)['text']).toContain('dispatch_failed');
});

test('an app that does not acknowledge in time: the command is delivered once and has timed out', async () => {
  let deliveries = 0;
  await startApp((app) => {
    app.command('/slow', async () => {
      deliveries += 1;
    });
  });
  expect(await send('/slow')).toEqual({ ok: false, error: 'operation_timeout' });
  expect(deliveries).toBe(1);
});

test('slash commands are refused in threads', async () => {
  const posted = await call('chat.postMessage', { channel: 'C0DEPLOYS', text: 'x' });
  expect(await send('/deploy bot', { threadTs: posted.answer['ts'] })).toEqual({ ok: false, error: 'not_in_thread' });
});

test('an event nobody acknowledges comes again under the same envelope id, and then no more', async () => {
  const { WebSocket } = await import('ws');
  const opened = await call('apps.connections.open', {}, tokens.app);
  const socket = new WebSocket(String(opened.answer['url']));
  const frames: Json[] = [];
  socket.on('message', (data) => void frames.push(JSON.parse(String(data)) as Json));
  await until(() => frames[0]?.['type'] === 'hello', { what: 'hello' });
  await send('hello');
  await until(() => frames.length === 4, { what: 'two redeliveries' });
  const [, ...envelopes] = frames;
  expect(new Set(envelopes.map((frame) => frame['envelope_id'])).size).toBe(1);
  expect(envelopes.map((frame) => frame['retry_attempt'])).toEqual([0, 1, 2]);
  expect(envelopes[1]?.['retry_reason']).toBe('timeout');
  socket.send(JSON.stringify({ envelope_id: envelopes[0]?.['envelope_id'], payload: {} }));
  await send('again');
  await until(() => frames.length === 5, { what: 'the next event' });
  socket.close();
  await once(socket, 'close');
});

test('a ticket opens one socket, once, and never for a web page', async () => {
  const { WebSocket } = await import('ws');
  const address = String((await call('apps.connections.open', {}, tokens.app)).answer['url']);
  const refused = async (options: { origin?: string } = {}): Promise<void> => {
    const [error] = (await once(new WebSocket(address, options), 'error')) as [Error];
    expect(error.message).toContain('401');
  };
  await refused({ origin: 'https://elsewhere.example' });
  await refused();
});

test('a refresh of one socket after the other, under two receivers, loses no command', async () => {
  const arrived: string[] = [];
  await startApp((app) => {
    app.command('/count', async ({ ack, command }) => {
      arrived.push(command.text);
      await ack();
    });
  }, 2);
  let count = 0;
  const sendSome = async (until_: () => boolean): Promise<void> => {
    while (!until_()) {
      count += 1;
      expect(await send(`/count ${count}`)).toEqual({ ok: true });
    }
  };
  for (let round = 0; round < 2; round += 1) {
    workspace.refresh('one');
    await sendSome(() => workspace.connections === 1);
    await sendSome(() => workspace.connections === 2);
  }
  expect(arrived).toEqual(Array.from({ length: count }, (_, index) => String(index + 1)));
}, 20_000);

test('a response address shows to the asker, replaces the message of its button, and is used up after five calls', async () => {
  await startApp((app) => {
    app.action('go', async ({ ack, respond }) => {
      await ack();
      await respond('only you');
      await respond({ text: 'replaced', replace_original: true });
      await respond({ text: 'for all', response_type: 'in_channel', replace_original: false });
      await respond('four');
      await respond('five');
      await expect(respond('six')).rejects.toMatchObject({ statusCode: 404 });
      done = true;
    });
  });
  let done = false;
  const posted = await call('chat.postMessage', {
    channel: 'C0DEPLOYS',
    text: 'x',
    blocks: [
      {
        type: 'actions',
        block_id: 'b',
        elements: [{ type: 'button', action_id: 'go', text: { type: 'plain_text', text: 'Go' } }],
      },
    ],
  });
  await act('/press', { user: 'U0BOB', channel: 'C0DEPLOYS', ts: posted.answer['ts'], blockId: 'b', actionId: 'go' });
  await until(() => done, { what: 'the sixth answer' });
  const whispers = seen.filter((event) => event.type === 'ephemeral');
  expect(whispers.map((event) => [event.to, (event.data['message'] as Json)['text']])).toEqual([
    ['U0BOB', 'only you'],
    ['U0BOB', 'four'],
    ['U0BOB', 'five'],
  ]);
  expect(await shown((message) => message['ts'] === posted.answer['ts'])).toMatchObject({ text: 'replaced' });
  expect(await shown((message) => message['text'] === 'for all')).toMatchObject({ user: 'U0EDWIN' });
});

test('with limits on, the fourth post in a row to a channel gets 429 and when to come back', async () => {
  await stop();
  await start('on');
  const results = [];
  for (let index = 0; index < 4; index += 1)
    results.push(await call('chat.postMessage', { channel: 'C0DEPLOYS', text: 'x' }));
  expect(results.map((result) => result.status)).toEqual([200, 200, 200, 429]);
  expect(results[3]?.headers.get('retry-after')).toBe('1');
  expect(results[3]?.answer).toEqual({ ok: false, error: 'ratelimited' });
  expect((await call('chat.postMessage', { channel: 'C0ALERTS', text: 'x' })).status).toBe(200);
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
  const own = await call('chat.postMessage', { channel: 'C0DEPLOYS', text: 'mine' });
  await send('theirs');
  const theirs = await shown((message) => message['text'] === 'theirs');
  const ts = { OWN: own.answer['ts'], THEIRS: theirs['ts'] }[String(args['ts'])] ?? args['ts'];
  const { status, answer, headers } = await call(
    method,
    { ...args, ...(ts !== undefined && { ts }) },
    method === 'auth.test' ? 'xoxb-wrong' : tokens.bot,
  );
  expect([status, answer['ok'], answer['error']]).toEqual([200, false, error]);
  expect(headers.get('x-slack-req-id')).toBeTruthy();
});

test('text without blocks removes the blocks of a message, blocks without text keep its text', async () => {
  const { answer } = await call('chat.postMessage', { channel: 'C0DEPLOYS', text: 'one', blocks: [section('one')] });
  const place = { channel: 'C0DEPLOYS', ts: answer['ts'] };
  const blocksOnly = await call('chat.update', { ...place, blocks: [section('two')] });
  expect(blocksOnly.answer['message']).toMatchObject({ text: 'one' });
  expect(blocksOnly.answer['message']).not.toHaveProperty('edited');
  const textOnly = await call('chat.update', { ...place, text: 'three' });
  expect(textOnly.answer['message']).toMatchObject({ text: 'three', edited: { user: 'U0EDWIN' } });
  expect(textOnly.answer['message']).not.toHaveProperty('blocks');
});

test('forms with nested JSON and GET are understood as well as JSON bodies', async () => {
  const authorization = `Bearer ${tokens.bot}`;
  const form = await fetch(`${url}/slack/api/chat.postMessage`, {
    method: 'POST',
    headers: { authorization },
    body: new URLSearchParams({ channel: 'C0DEPLOYS', text: 'x', blocks: JSON.stringify([section('form')]) }),
  });
  expect(await form.json()).toMatchObject({ ok: true, message: { blocks: [{ text: { text: 'form' } }] } });
  const get = await fetch(`${url}/slack/api/conversations.list?limit=1`, { headers: { authorization } });
  expect(await get.json()).toMatchObject({
    ok: true,
    channels: [{ name: 'deploys' }],
    response_metadata: { next_cursor: expect.stringMatching(/.+/) },
  });
});

test('what was said is still there after a restart, and new messages come after it', async () => {
  const before = await call('chat.postMessage', { channel: 'C0RELEASES', text: 'before' });
  await stop();
  await start();
  const after = await call('chat.postMessage', { channel: 'C0RELEASES', text: 'after' });
  const history = await call('conversations.history', { channel: 'C0RELEASES' });
  expect((history.answer['messages'] as Json[]).map((message) => message['text'])).toEqual(['after', 'before']);
  expect(String(after.answer['ts']) > String(before.answer['ts'])).toBe(true);
});
