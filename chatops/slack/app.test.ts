import fastify, { type FastifyInstance } from 'fastify';
import { silent } from '../../platform/log';
import type { TelemetryStore } from '../../platform/telemetry/telemetry';
import { createTestDatabase, type TestDatabase } from '../../test/database';
import { FleetDouble } from '../../test/fleet-double';
import { until } from '../../test/until';
import { openAccess } from '../access';
import { type Dispatcher, openDispatcher } from '../dispatch';
import { openWorkspace, type Workspace } from '../workspace/workspace';
import { type Chat, openChat } from './app';
import { localPace } from './config';

// Bolt, sockets, workspace and database are real; the fleet is a double that the test moves.
type Json = Record<string, unknown>;
const tokens = { bot: 'xoxb-local', app: 'xapp-local' };

let database: TestDatabase;
let http: FastifyInstance;
let workspace: Workspace;
let url: string;
let fleet: FleetDouble;
let dispatcher: Dispatcher;
let chat: Chat;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query('drop schema if exists audit cascade; drop schema if exists workspace cascade');
  workspace = await openWorkspace({
    pool: database.pool,
    tokens,
    latency: 'off',
    url: () => url,
    log: silent,
    timing: { warning: 3_000, redeliver: [100, 200] },
  });
  http = fastify({ forceCloseConnections: true });
  await http.register(workspace.routes, { prefix: '/slack' });
  await http.register(workspace.browser, { prefix: '/ui' });
  http.server.on('upgrade', (request, socket, head) => workspace.handleUpgrade(request, socket, head));
  url = await http.listen({ port: 0, host: '127.0.0.1' });
  fleet = new FleetDouble();
  await start();
});
afterEach(async () => {
  await chat.close();
  workspace.close();
  await http.close();
});

async function start(roles = ''): Promise<void> {
  const telemetry = { logs: async () => [] } as unknown as TelemetryStore;
  dispatcher = await openDispatcher({
    fleet,
    telemetry,
    queue: () => Promise.reject(new Error('no queue is here')),
    pool: database.pool,
    publicUrl: url,
    log: silent,
    access: openAccess(roles, 'engineer'),
  });
  const config = {
    botToken: tokens.bot,
    appToken: tokens.app,
    apiUrl: `${url}/slack/api/`,
    channel: 'deploys',
    prefix: '',
    pace: localPace,
  };
  chat = openChat({ dispatcher, fleet, config, publicUrl: url, log: silent, pool: database.pool });
  await chat.start();
  await until(() => workspace.connections === 2, { what: 'both sockets' });
}

async function act(path: string, body: Json): Promise<Json> {
  const answer = await fetch(`${url}/ui${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await answer.json()) as Json;
}
const send = (text: string, more: Json = {}) => act('/send', { user: 'U0ALICE', channel: 'C0DEPLOYS', text, ...more });
const press = (message: Json, actionId: string, user = 'U0ALICE') => {
  const block = (message['blocks'] as Json[]).find((one) => one['type'] === 'actions')!;
  return act('/press', { user, channel: 'C0DEPLOYS', ts: message['ts'], blockId: block['block_id'], actionId });
};

/** What the page would show: messages of the channel or a thread, and what only one person sees. */
function watchPage(): { messages: Json[]; stop(): void } {
  const messages: Json[] = [];
  const stop = workspace.feed.subscribe((event) => {
    const message = event.data['message'] as Json | undefined;
    if (message && message['subtype'] !== 'command') messages.push(message);
  });
  return { messages, stop: () => stop.stop() };
}
const shown = (page: { messages: Json[] }, match: (message: Json) => boolean, what = 'a message') =>
  until(() => page.messages.findLast(match), { what });
const says = (text: string | RegExp) => (message: Json) =>
  typeof text === 'string' ? message['text'] === text : text.test(String(message['text']));
const history = async (): Promise<Json[]> => {
  const answer = await fetch(`${url}/slack/api/conversations.history`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${tokens.bot}` },
    body: JSON.stringify({ channel: 'C0DEPLOYS', include_all_metadata: true }),
  });
  return ((await answer.json()) as { messages: Json[] }).messages;
};

test('a deployment has one message, edited until it is done, with its steps in the thread', async () => {
  const page = watchPage();
  expect(await send('/deploy bot stage 42')).toEqual({ ok: true });
  const posted = await shown(page, says('bot 42 is about to start in stage'));
  fleet.change(812, { state: 'running', phase: 'starting on host-2', progress: { done: 4, total: 6 } });
  await shown(page, says('bot 42 is on 4 of 6 instances in stage'));
  const steps = [{ name: 'start', startedAt: new Date(), finishedAt: new Date(), detail: '6 instances' }];
  fleet.change(812, { state: 'done', progress: { done: 6, total: 6 }, steps, finishedAt: new Date() });
  const last = await shown(page, says('bot 42 serves in stage.'));
  const thread = await shown(page, says('Deployment 812, 1 step.'));
  expect([last['ts'], thread['thread_ts']]).toEqual([posted['ts'], posted['ts']]);
  expect((await history()).map((message) => message['text'])).toEqual(['bot 42 serves in stage.']);
  page.stop();
});

test('a deployment that was undone calls its requester from the thread, for everyone to see', async () => {
  const page = watchPage();
  await send('/deploy bot stage 42');
  await shown(page, says(/about to start/));
  fleet.change(812, {
    state: 'undone',
    reason: 'never became healthy (60 s)',
    logTail: ['Error: MESSENGER_APP_SECRET is required'],
    finishedAt: new Date(),
  });
  const alarm = await shown(
    page,
    says('<@U0ALICE> bot 42 was undone in stage. Release 41 serves again. Why: never became healthy (60 s).'),
  );
  const head = await shown(page, says('bot 42 was undone in stage. Release 41 serves again.'));
  expect(alarm['thread_ts']).toBe(head['ts']);
  expect(JSON.stringify(head['blocks'])).toContain('MESSENGER_APP_SECRET is required');
  await press(head, 'operation:log');
  await shown(page, says('The last log lines of bot 42 in stage.'));
  page.stop();
});

test('the same command twice at once is one operation and one message, and someone is told so', async () => {
  const page = watchPage();
  await Promise.all([send('/deploy bot stage 42'), send('/edwin deploy bot stage 42')]);
  await shown(page, says('You asked for this a moment ago; it is the same operation, number 812.'));
  await shown(page, says(/about to start/));
  expect(fleet.operations).toHaveLength(1);
  expect(await history()).toHaveLength(1);
  page.stop();
});

test('an operation begun at the terminal is told in the common channel', async () => {
  const page = watchPage();
  await dispatcher.dispatch(
    'deploy bot stage 42',
    { id: 'cli:carol', name: 'carol', door: 'cli', standing: 'member' },
    { place: 'terminal' },
  );
  await shown(page, says(/about to start/));
  expect((await history())[0]).toMatchObject({
    text: 'bot 42 is about to start in stage',
    metadata: { event_payload: { operation: 812 } },
  });
  page.stop();
});

test('what was meant is one press away, for the asker only', async () => {
  const page = watchPage();
  await send('/edwin deplyo bot stage 42');
  const answer = await shown(page, says('There is no command "deplyo". Did you mean /deploy bot stage 42?'));
  await press(answer, 'run');
  await until(() => fleet.operations.length === 1, { what: 'the operation' });
  expect(fleet.requests[0]).toMatchObject({
    service: 'bot',
    environment: 'stage',
    release: 42,
    requestedBy: 'alice',
    origin: { channel: 'C0DEPLOYS', user: 'U0ALICE' },
  });
  page.stop();
});

test('the button of a deployment rolls back what it deployed, but not after another one', async () => {
  const page = watchPage();
  await send('/deploy bot stage 42');
  await shown(page, says(/about to start/));
  fleet.change(812, { state: 'done', finishedAt: new Date() });
  const done = await shown(page, says('bot 42 serves in stage.'));
  await press(done, 'operation:rollback', 'U0BOB');
  await until(() => fleet.operations.length === 2, { what: 'the rollback' });
  expect(fleet.requests[1]).toMatchObject({
    kind: 'rollback',
    service: 'bot',
    environment: 'stage',
    release: 41,
    requestedBy: 'bob',
  });
  await until(
    async () =>
      !JSON.stringify((await history()).find((message) => message['ts'] === done['ts'])).includes('operation:rollback'),
    { what: 'the button going away' },
  );
  page.stop();
});

test('a button asks for the same permission as the command', async () => {
  await chat.close();
  await start('engineer=U0ALICE viewer=*');
  const page = watchPage();
  await send('/deploy bot stage 42');
  await shown(page, says(/about to start/));
  fleet.change(812, { state: 'done', finishedAt: new Date() });
  const done = await shown(page, says('bot 42 serves in stage.'));
  await press(done, 'operation:rollback', 'U0BOB');
  await shown(page, says('bob is a viewer here, and this needs an engineer.'));
  expect(fleet.operations).toHaveLength(1);
  page.stop();
});

test('in a thread Edwin is mentioned, and answers there', async () => {
  const page = watchPage();
  await send('/deploy bot stage 42');
  const posted = await shown(page, says(/about to start/));
  await send('@edwin history bot', { threadTs: posted['ts'] });
  const answer = await shown(page, says(/last operation of bot/));
  expect(answer['thread_ts']).toBe(posted['ts']);
  page.stop();
});

test('sixty commands through refreshes of both sockets: none is lost, none is done twice', async () => {
  let answered = 0;
  const stop = workspace.feed.subscribe((event) => {
    if (/There is no command .{1,3}nonsense\d+/.test(String((event.data['message'] as Json | undefined)?.['text'])))
      answered++;
  });
  for (let i = 0; i < 60; i++) {
    if (i % 25 === 5) workspace.refresh('all');
    expect(await send(`/edwin nonsense${i}`)).toEqual({ ok: true });
  }
  await until(() => answered === 60, { what: 'sixty answers' });
  const { rows } = await database.pool.query(
    'select count(*)::int as all, count(distinct text)::int as different from audit.commands',
  );
  expect(rows[0]).toEqual({ all: 60, different: 60 });
  stop.stop();
});

test('operations go on while nobody is connected, and their messages catch up', async () => {
  await chat.close();
  const operation = await fleet.request({
    kind: 'deployment',
    service: 'bot',
    environment: 'stage',
    release: 42,
    requestedBy: 'carol',
    key: 'elsewhere',
  });
  fleet.change(operation.id, { state: 'done', finishedAt: new Date(), requestedAt: new Date() });
  const page = watchPage();
  await start();
  await shown(page, says('bot 42 serves in stage.'));
  await until(async () => (await database.pool.query('select 1 from audit.messages where settled')).rowCount === 1, {
    what: 'the settled row',
  });
  await chat.close();
  await start();
  await send('/edwin help');
  await shown(page, says(/^Edwin knows/));
  expect(await history()).toHaveLength(1);
  page.stop();
});

test('a crash between posting and noting it leads to one message, found by its metadata', async () => {
  const page = watchPage();
  await send('/deploy bot stage 42');
  const posted = await shown(page, says(/about to start/));
  await chat.close();
  await database.pool.query("update audit.messages set channel = '', ts = ''");
  fleet.change(812, { requestedAt: new Date() });
  await start();
  fleet.change(812, { state: 'done', finishedAt: new Date() });
  const done = await shown(page, says('bot 42 serves in stage.'));
  expect(done['ts']).toBe(posted['ts']);
  expect(await history()).toHaveLength(1);
  page.stop();
});
