import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTestDatabase, type TestDatabase } from '../../test/database';
import { recordSpans } from '../../test/spans';
import { until } from '../../test/until';
import type { ChatMessage } from './conversations';
import { APP_SECRET, PAGE_TOKEN, type RunningMessenger, startMessenger } from './fixture';
import { signature } from './notifications';

/** A webhook that writes down its calls and answers as it is told. */
interface Call {
  readonly raw: string;
  readonly signature: string;
  readonly event: Record<
    string,
    { mid?: string; text?: string; payload?: string; is_echo?: boolean; metadata?: string } | undefined
  >;
}
const calls: Call[] = [];
let answer: (call: Call) => number = () => 200;

let telemetry: ReturnType<typeof recordSpans>;
let database: TestDatabase;
let messenger: RunningMessenger;
let webhook: Server;
const webhookUrl = () => `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/webhook`;

beforeAll(async () => {
  telemetry = recordSpans();
  webhook = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks).toString();
    const call = {
      raw,
      signature: String(request.headers['x-hub-signature-256']),
      event: JSON.parse(raw).entry[0].messaging[0],
    };
    calls.push(call);
    response.writeHead(answer(call)).end();
  }).listen(0, '127.0.0.1');
  database = await createTestDatabase();
  messenger = await startMessenger(database.pool, webhookUrl);
});
beforeEach(async () => {
  calls.length = 0;
  answer = () => 200;
  await messenger.faults();
});
afterAll(async () => {
  await messenger?.close();
  webhook?.closeAllConnections();
  webhook?.close();
  await database?.drop();
  await telemetry?.stop();
});

const send = (student: string, message: object, token = PAGE_TOKEN, path = '/v23.0/me/messages') =>
  fetch(`${messenger.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ recipient: { id: student }, messaging_type: 'RESPONSE', message }),
  });
const delivered = (student: string) =>
  until(async () => (await messenger.conversation(student)).every(({ state }) => state !== 'sending'), {
    what: `what ${student} wrote is delivered`,
  });

test('what a student writes is stored with its trace and goes to the webhook, signed', async () => {
  const message = await messenger.say('anna', 'Hi <b>&"');
  expect(message).toMatchObject({
    from: 'student',
    text: 'Hi <b>&"',
    state: 'sending',
    trace: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
  await delivered('anna');
  expect(calls).toHaveLength(1);
  expect(calls[0]!.signature).toBe(signature(calls[0]!.raw, APP_SECRET));
  expect(calls[0]!.event['message']).toEqual({ mid: message.mid, text: 'Hi <b>&"' });
  const span = telemetry
    .spans()
    .find((one) => one.name === 'call webhook' && one.spanContext().traceId === message.trace);
  expect(span).toBeDefined();
});

test('a quick reply and a button that stays are what Facebook makes of them', async () => {
  await messenger.call('POST', '/students/buttons/messages', { text: 'Yes', payload: 'YES' });
  await messenger.call('POST', '/students/buttons/messages', { text: 'Get started', payload: 'GO', postback: true });
  await delivered('buttons');
  expect(calls[0]!.event['message']).toMatchObject({ text: 'Yes', quick_reply: { payload: 'YES' } });
  expect(calls[1]!.event['postback']).toMatchObject({ title: 'Get started', payload: 'GO' });
});

test('calls that are not answered with 200 are made again, in the order of each student', async () => {
  let refusals = 2;
  answer = ({ event }) => (event['message']?.text === 'first' && refusals-- > 0 ? 503 : 200);
  const student = 'patient';
  await messenger.say(student, 'first');
  await messenger.say(student, 'second');
  await messenger.say('other', 'meanwhile');
  await delivered(student);
  const texts = calls.map(({ event }) => event['message']?.text);
  expect(texts.filter((text) => text !== 'meanwhile')).toEqual(['first', 'first', 'first', 'second']);
  expect(texts.indexOf('meanwhile')).toBeLessThan(texts.indexOf('second'));
  const figures = await (await messenger.call('GET', '/figures')).json();
  expect(figures).toMatchObject({ failed: 2, abandoned: 0 });
});

test('what was not delivered is delivered after a restart', async () => {
  answer = () => 503;
  await messenger.say('restart', 'kept');
  await until(() => calls.length > 0, { what: 'the first call' });
  await messenger.close();
  answer = () => 200;
  messenger = await startMessenger(database.pool, webhookUrl);
  await delivered('restart');
});

test('a reply is answered as Facebook does, shown, and echoed with its metadata', async () => {
  await messenger.say('bea', 'hello');
  const response = await send('bea', {
    text: 'Welcome',
    metadata: 'r1',
    quick_replies: [{ content_type: 'text', title: 'Go', payload: 'GO' }],
  });
  const { recipient_id, message_id } = (await response.json()) as { recipient_id: string; message_id: string };
  expect([response.status, recipient_id]).toEqual([200, 'bea']);
  const shown = (await messenger.conversation('bea')).at(-1);
  expect(shown).toMatchObject({ from: 'page', mid: message_id, text: 'Welcome', metadata: 'r1', state: 'shown' });
  expect(shown?.quickReplies).toMatchObject([{ title: 'Go', payload: 'GO' }]);
  const echo = await until(() => calls.find(({ event }) => event['message']?.is_echo), { what: 'the echo' });
  expect(echo.event).toMatchObject({
    sender: { id: 'page-stage' },
    recipient: { id: 'bea' },
    message: { mid: message_id, metadata: 'r1' },
  });
});

test.each([
  ['a wrong token', 'carl', { text: 'x' }, 'wrong', 190, undefined],
  ['no text', 'carl', {}, PAGE_TOKEN, 100, undefined],
  ['somebody unknown', 'nobody', { text: 'x' }, PAGE_TOKEN, 100, 2018001],
  ['somebody who never wrote', 'silent', { text: 'x' }, PAGE_TOKEN, 10, 2018278],
])('a send with %s is refused as Facebook does', async (_name, student, message, token, code, subcode) => {
  await messenger.call('PUT', '/students/silent');
  await messenger.say('carl', 'hello');
  const response = await send(student, message, token, '/me/messages');
  expect(response.status).toBe(400);
  expect(((await response.json()) as { error: object }).error).toMatchObject({
    code,
    type: 'OAuthException',
    ...(subcode && { error_subcode: subcode }),
  });
});

test('a student who blocks the page is not available', async () => {
  await messenger.say('dora', 'hello');
  await messenger.call('PUT', '/students/dora/blocked', { blocked: true });
  expect(await (await send('dora', { text: 'x' })).json()).toMatchObject({ error: { code: 551 } });
});

test('more calls than the limit in a second are refused with 613 and told in the usage header', async () => {
  const own = await createTestDatabase();
  const strict = await startMessenger(own.pool, webhookUrl, { callsPerSecond: 3 });
  await strict.say('eva', 'hello');
  const responses = await Promise.all(
    Array.from({ length: 6 }, () =>
      fetch(`${strict.url}/me/messages?access_token=${PAGE_TOKEN}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ recipient: { id: 'eva' }, message: { text: 'x' } }),
      }),
    ),
  );
  const refused = responses.filter(({ status }) => status === 400);
  expect(refused).toHaveLength(3);
  expect(refused[0]!.headers.get('x-app-usage')).toContain('call_count');
  expect(await refused[0]!.json()).toMatchObject({ error: { code: 613 } });
  await strict.close();
  await own.drop();
});

test('conversations show the newest messages first, with the fields asked for, in Facebook’s times', async () => {
  await messenger.say('finn', 'hello');
  for (const text of ['one', 'two']) await send('finn', { text });
  const query = new URLSearchParams({
    platform: 'messenger',
    user_id: 'finn',
    fields: 'messages.limit(2){id,message,created_time,from}',
  });
  const response = await fetch(`${messenger.url}/me/conversations?${query}`, {
    headers: { authorization: `Bearer ${PAGE_TOKEN}` },
  });
  const { data } = (await response.json()) as {
    data: { messages: { data: { message: string; created_time: string }[] } }[];
  };
  expect(data[0]!.messages.data.map(({ message }) => message)).toEqual(['two', 'one']);
  expect(data[0]!.messages.data[0]).toEqual({
    id: expect.stringMatching(/^m_/),
    message: 'two',
    created_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000$/),
    from: { id: 'page-stage', name: 'page-stage' },
  });
  expect((await fetch(`${messenger.url}/me/conversations?${query}`)).status).toBe(400);
});

test('a stream shows what came before and what comes, once each, and ends with the program', async () => {
  const first = await messenger.say('gina', 'before');
  const own = await startMessenger(database.pool, webhookUrl);
  const stream = await own.call('GET', `/students/gina/events?after=0`);
  const read = events(stream);
  expect(await read.next()).toMatchObject({ value: { message: { id: first.id } } });
  const second = await own.say('gina', 'after');
  expect(await read.next()).toMatchObject({ value: { message: { id: second.id, text: 'after' } } });
  await own.close();
  await expect(
    read.next().then(
      ({ done }) => done,
      () => true,
    ),
  ).resolves.toBe(true);
});

test('of a conversation the newest thousand messages are kept', async () => {
  await messenger.say('hugo', 'first');
  await database.pool.query(
    `insert into messenger.messages (environment, student, mid, sender, text, state)
     select 'stage', 'hugo', 'old-' || n, 'page', 'x', 'shown' from generate_series(1, 1200) n`,
  );
  let last: ChatMessage;
  do last = await messenger.say('hugo', 'more');
  while (last.id % 50 !== 0);
  const { rows } = await database.pool.query(
    "select count(*)::int as count, max(position)::int as newest from messenger.messages where student = 'hugo'",
  );
  expect(rows[0]).toEqual({ count: 1000, newest: last.id });
});

test.each([
  ['another environment', 'GET', '/../other/students', undefined, 404],
  ['a name with markup', 'PUT', '/students/%3Cb%3E', undefined, 400],
  ['no text', 'POST', '/students/anna/messages', { text: ' ' }, 400],
  ['a fault there is not', 'PUT', '/faults', [{ kind: 'explode' }], 400],
])('%s is refused', async (_name, method, path, body, status) => {
  expect((await messenger.call(method, path, body)).status).toBe(status);
});

async function* events(response: Response): AsyncGenerator<{ message: ChatMessage }> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body!) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1];
      text = text.slice(end + 2);
      if (data?.includes('"type":"message"')) yield JSON.parse(data) as { message: ChatMessage };
    }
  }
}
