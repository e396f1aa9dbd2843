import { until } from '../../test/until';
import { type Desk, openDesk, section } from '../../test/workspace';
import type { Json } from './json';

let desk: Desk;

beforeAll(async () => {
  desk = await openDesk();
});
beforeEach(() => desk.start());
afterEach(() => desk.stop());
afterAll(() => desk.drop());

test('a command is acknowledged, answered by a message, edited, and continued in its thread', async () => {
  await desk.startApp((app) => {
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
  expect(await desk.send('/deploy bot stage')).toEqual({ ok: true });
  const reply = await desk.shown((message) => message['text'] === 'Took 3 s');
  const first = await desk.shown((message) => message['reply_count'] === 1);
  expect(first).toMatchObject({
    ts: reply['thread_ts'],
    text: 'bot 42 serves',
    bot_id: 'B0EDWIN',
    edited: { user: 'U0EDWIN' },
  });
  const typed = await desk.shown((message) => message['subtype'] === 'command');
  expect(typed).toMatchObject({ user: 'U0ALICE', text: '/deploy bot stage' });
  expect(String(typed['ts']) < String(first['ts'])).toBe(true);

  const history = await desk.call('conversations.history', { channel: 'deploys' });
  expect((history.answer['messages'] as Json[]).map((message) => message['text'])).toEqual(['bot 42 serves']);
  const replies = await desk.call('conversations.replies', { channel: 'C0DEPLOYS', ts: String(reply['thread_ts']) });
  expect((replies.answer['messages'] as Json[]).map((message) => message['text'])).toEqual([
    'bot 42 serves',
    'Took 3 s',
  ]);
});

test('a button opens a modal, whose answers come back with its state', async () => {
  let submitted: unknown;
  await desk.startApp((app) => {
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
  const posted = await desk.call('chat.postMessage', {
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
    await desk.act('/press', {
      user: 'U0BOB',
      channel: 'C0DEPLOYS',
      ts: posted.answer['ts'],
      blockId: 'b',
      actionId: 'why',
    }),
  ).toEqual({ ok: true });
  const opened = await until(() => desk.seen.find((event) => event.type === 'view' && event.to === 'U0BOB'), {
    what: 'the modal',
  });
  const view = (opened.data['view'] as Json)['id'];
  const answer = (value: string) =>
    desk.act('/view/submit', {
      user: 'U0BOB',
      view,
      values: { reason: { text: { type: 'plain_text_input', value } } },
    });
  expect(await answer('')).toEqual({ ok: true, errors: { reason: 'Please complete this required field.' } });
  expect(await answer('no')).toEqual({ ok: true, errors: { reason: 'Say more.' } });
  expect(await answer('broken')).toEqual({ ok: true });
  expect(submitted).toEqual({
    values: { reason: { text: { type: 'plain_text_input', value: 'broken' } } },
    metadata: 'm',
  });
  expect(desk.seen.at(-1)).toMatchObject({ type: 'view_closed', to: 'U0BOB' });
});

test('a mention in a thread reaches the app with its thread', async () => {
  const mentions: Json[] = [];
  await desk.startApp((app) => {
    app.event('app_mention', async ({ event }) => void mentions.push(event as unknown as Json));
  });
  const posted = await desk.call('chat.postMessage', { channel: 'C0DEPLOYS', text: 'bot 42 serves' });
  await desk.send('@edwin roll back <now>', { threadTs: posted.answer['ts'] });
  await until(() => mentions.length > 0, { what: 'the mention' });
  expect(mentions[0]).toMatchObject({
    type: 'app_mention',
    user: 'U0ALICE',
    text: '<@U0EDWIN> roll back &lt;now&gt;',
    thread_ts: posted.answer['ts'],
    channel: 'C0DEPLOYS',
  });
});

test('slash commands are refused in threads', async () => {
  const posted = await desk.call('chat.postMessage', { channel: 'C0DEPLOYS', text: 'x' });
  expect(await desk.send('/deploy bot', { threadTs: posted.answer['ts'] })).toEqual({
    ok: false,
    error: 'not_in_thread',
  });
});

test('a response address shows to the asker, replaces the message of its button, and is used up after five calls', async () => {
  await desk.startApp((app) => {
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
  const posted = await desk.call('chat.postMessage', {
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
  await desk.act('/press', {
    user: 'U0BOB',
    channel: 'C0DEPLOYS',
    ts: posted.answer['ts'],
    blockId: 'b',
    actionId: 'go',
  });
  await until(() => done, { what: 'the sixth answer' });
  const whispers = desk.seen.filter((event) => event.type === 'ephemeral');
  expect(whispers.map((event) => [event.to, (event.data['message'] as Json)['text']])).toEqual([
    ['U0BOB', 'only you'],
    ['U0BOB', 'four'],
    ['U0BOB', 'five'],
  ]);
  expect(await desk.shown((message) => message['ts'] === posted.answer['ts'])).toMatchObject({ text: 'replaced' });
  expect(await desk.shown((message) => message['text'] === 'for all')).toMatchObject({ user: 'U0EDWIN' });
});
