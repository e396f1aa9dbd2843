import { EdwinError } from '../platform/errors';
import { silent } from '../platform/log';
import type { TelemetryStore } from '../platform/telemetry/telemetry';
import { createTestDatabase, type TestDatabase } from '../test/database';
import { FleetDouble, operation } from '../test/fleet-double';
import { openAccess } from './access';
import type { Actor } from './command';
import { type Dispatcher, openDispatcher } from './dispatch';

// The fleet is a double that the test moves; database, parsing, permission and audit are the real ones.
const alice: Actor = { id: 'slack:UALICE', name: 'alice', door: 'slack', standing: 'member' };
const place = { place: 'C1' };
const telemetry = { logs: async () => [] } as unknown as TelemetryStore;

let database: TestDatabase;
let fleet: FleetDouble;
let dispatcher: Dispatcher;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query('drop schema if exists audit cascade');
  fleet = new FleetDouble();
  dispatcher = await open();
});

const open = (roles = 'viewer=UVIEWER', prefix = '') =>
  openDispatcher({
    fleet,
    telemetry,
    queue: () => Promise.reject(new Error('no queue is here')),
    pool: database.pool,
    publicUrl: 'http://localhost:4400',
    log: silent,
    access: openAccess(roles, 'engineer'),
    prefix,
  });

const rows = async () =>
  (
    await database.pool.query(
      'select verb, outcome, operation, repeats, door, actor, duration_ms from audit.commands order by id',
    )
  ).rows;

test.each([
  '/edwin deploy bot stage',
  '/deploy bot stage',
  'edwin deploy bot stage',
  'deploy bot stage',
  '/deploy BOT Stage',
])('%j begins one deployment', async (text) => {
  const reply = await dispatcher.dispatch(text, alice, place);
  expect(reply).toMatchObject({ operation: 812, exit: 8, audience: 'channel' });
  expect(fleet.requests).toMatchObject([
    { kind: 'deployment', service: 'bot', environment: 'stage', release: undefined, requestedBy: 'alice' },
  ]);
});

test.each([
  ['deploy bot stage 42', 42],
  ['deploy bot stage r42', 42],
  ['deploy bot stage latest', 43],
  ['deploy bot stage d1f3', 41],
])('%j names release %d', async (text, number) => {
  await dispatcher.dispatch(text, alice, place);
  const commit = fleet.built.find((release) => release.number === number)!.commit;
  const wanted = text.endsWith('d1f3')
    ? fleet.built.find((release) => release.commit.startsWith('d1f3'))!.number
    : number;
  expect(fleet.requests[0]?.release).toBe(wanted);
  expect(commit).toHaveLength(40);
});

test('--plan tells what would happen and begins nothing', async () => {
  const reply = await dispatcher.dispatch('/deploy bot stage 42 --plan', alice, place);
  expect(reply.message.text).toBe('Deploying bot in stage would go from release 41 to release 42. Nothing was done.');
  expect(reply.exit).toBe(0);
  expect(fleet.requests).toEqual([]);
});

test('the same command twice in the same millisecond is one operation, and the second asker is told', async () => {
  const [first, second] = await Promise.all([
    dispatcher.dispatch('/deploy bot stage', alice, place),
    dispatcher.dispatch('/edwin  deploy bot stage', alice, place),
  ]);
  const told = [first, second].find((reply) => reply?.repeated);
  expect([first?.operation, second?.operation]).toEqual([812, 812]);
  expect(fleet.operations).toHaveLength(1);
  expect(told).toMatchObject({
    audience: 'asker',
    message: { text: 'You asked for this a moment ago; it is the same operation, number 812.' },
  });
});

test('two processes that get the same command at the same time make one operation of it', async () => {
  const other = await open();
  await Promise.all(
    [dispatcher, other, dispatcher, other].map((one) => one.dispatch('/deploy bot stage', alice, place)),
  );
  expect(fleet.operations).toHaveLength(1);
  expect(new Set(fleet.requests.map((request) => request.key)).size).toBe(1);
});

test('after the window, at another place, or from another person it is another wish', async () => {
  await dispatcher.dispatch('/deploy bot stage', alice, place);
  await dispatcher.dispatch('/deploy bot stage', alice, { place: 'C2' });
  await dispatcher.dispatch('/deploy bot stage', { ...alice, id: 'slack:UBOB', name: 'bob' }, place);
  await database.pool.query("update audit.commands set at = at - interval '5001 ms'");
  await dispatcher.dispatch('/deploy bot stage', alice, place);
  expect(fleet.operations).toHaveLength(4);
});

test('a wish that was refused may be tried again at once', async () => {
  fleet.refuse = new EdwinError('fleet.busy', 'Deployment 811 of bot in stage runs.');
  const refused = await dispatcher.dispatch('/deploy bot stage', alice, place);
  expect(refused).toMatchObject({
    exit: 2,
    audience: 'asker',
    message: { text: 'Deployment 811 of bot in stage runs.' },
  });
  fleet.refuse = undefined;
  expect((await dispatcher.dispatch('/deploy bot stage', alice, place)).operation).toBe(812);
});

test('a redelivery is known by its id, however late, also by the next process', async () => {
  await dispatcher.dispatch('/deploy bot stage', alice, { ...place, delivery: 'trigger-1' });
  await database.pool.query("update audit.commands set at = at - interval '1 hour'");
  const again = await (await open()).dispatch('/deploy bot stage', alice, { ...place, delivery: 'trigger-1' });
  expect(again).toMatchObject({ operation: 812, repeated: true });
  expect(fleet.operations).toHaveLength(1);
});

test.each([
  ['/deplyo bot stage', 'There is no command "deplyo". Did you mean /deploy bot stage?', 'deploy bot stage'],
  ['/deploy bto stage', 'There is no service "bto". Did you mean /deploy bot stage?', 'deploy bot stage'],
  ['/deploy bot staging', 'There is no environment "staging". Did you mean /deploy bot stage?', 'deploy bot stage'],
  ['/edwin stauts bot', 'There is no command "stauts". Did you mean /edwin status bot?', 'status bot'],
  [
    '/deploy bot stage --paln',
    'There is no option --paln; deploy knows --plan. Did you mean /deploy bot stage --plan?',
    'deploy bot stage --plan',
  ],
])('%j is answered with what was meant, and a button that runs it', async (text, sentence, meant) => {
  const reply = await dispatcher.dispatch(text, alice, place);
  expect(reply.message.text).toBe(sentence);
  expect(reply.exit).toBe(2);
  const actions = reply.message.blocks.find((block) => block.type === 'actions') as {
    elements: { action_id: string; value: string }[];
  };
  expect(actions.elements[0]).toMatchObject({ action_id: 'run', value: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  expect(await dispatcher.offered(actions.elements[0]!.value, alice)).toBe(meant);
  expect(await dispatcher.offered(actions.elements[0]!.value, { ...alice, id: 'slack:UBOB' })).toBeUndefined();
  expect(fleet.requests).toEqual([]);
});

test.each([
  ['/deploy', '/deploy needs a service.', ['gateway', 'mailer', 'bot', 'scheduler', 'analytics']],
  ['/deploy bot', '/deploy bot needs an environment.', ['dev', 'stage', 'prod']],
  ['/deploy bot stage 99', 'There is no release of bot "99".', ['43', '42', '41']],
  ['/deploy moon stage', 'There is no service "moon".', ['gateway', 'mailer', 'bot', 'scheduler', 'analytics']],
])('%j is answered with the usage line and what could stand there', async (text, sentence, could) => {
  const reply = await dispatcher.dispatch(text, alice, place);
  expect(reply.message.text).toBe(sentence);
  expect(reply.lines?.[0]).toBe('Usage: /deploy <service> <env> [version] [--plan]');
  expect((reply.data as { could: { value: string; hint: string }[] }).could.map(({ value }) => value)).toEqual(could);
});

test('one word too many, and a value that can not be, are told', async () => {
  expect((await dispatcher.dispatch('/deploy bot stage 42 now', alice, place)).message.text).toBe(
    '"now" is one word too many.',
  );
  expect((await dispatcher.dispatch('/releases bot --limit many', alice, place)).message.text).toMatch(/^limit: /);
});

test('a viewer may look but not deploy, and the refusal is in the audit', async () => {
  const viewer: Actor = { id: 'slack:UVIEWER', name: 'vera', door: 'slack', standing: 'member' };
  expect((await dispatcher.dispatch('/edwin status', viewer, place)).exit).toBe(0);
  const refused = await dispatcher.dispatch('/deploy bot stage', viewer, place);
  expect(refused).toMatchObject({
    exit: 2,
    audience: 'asker',
    message: { text: 'vera is a viewer here, and this needs an engineer.' },
  });
  expect(await rows()).toMatchObject([
    { verb: 'status', outcome: 'done', door: 'slack', actor: 'slack:UVIEWER' },
    { verb: 'deploy', outcome: 'refused', operation: null },
  ]);
});

test.each(['guest', 'stranger', 'bot'] as const)('a %s learns nothing, not even from completion', async (standing) => {
  const outsider = { ...alice, standing };
  expect((await dispatcher.dispatch('/edwin status', outsider, place)).exit).toBe(2);
  expect((await dispatcher.dispatch('/nonsense', outsider, place)).message.text).toMatch(/can not give commands/);
  expect(await dispatcher.complete('/deploy ', outsider)).toEqual([]);
});

test('every command leaves one row with its outcome, operation and duration', async () => {
  await dispatcher.dispatch('/deploy bot stage', alice, place);
  await dispatcher.dispatch('/deploy bot stage', alice, place);
  const [first, second] = await rows();
  expect(first).toMatchObject({
    verb: 'deploy',
    outcome: 'done',
    operation: '812',
    repeats: null,
    duration_ms: expect.any(Number),
  });
  expect(second).toMatchObject({ outcome: 'repeated', repeats: '1' });
});

test('an unexpected error shows nothing of itself', async () => {
  fleet.refuse = new Error('password=hunter2');
  const reply = await dispatcher.dispatch('/deploy bot stage', alice, place);
  expect(reply.message.text).toBe('Internal error.');
  expect(reply.exit).toBe(1);
  expect(JSON.stringify(reply)).not.toContain('hunter2');
});

test('help lists every command, and one of them with its examples', async () => {
  const all = await dispatcher.dispatch('/edwin help', alice, place);
  for (const command of dispatcher.commands) expect(all.lines?.join('\n')).toContain(command.summary);
  const one = await dispatcher.dispatch('/edwin help deploy', alice, place);
  expect(one.lines).toContain('  /deploy bot prod --plan');
  expect((await dispatcher.dispatch('/edwin help depoly', alice, place)).message.text).toMatch(/^\/deploy: /);
});

test('history, releases and logs answer with what the fleet says', async () => {
  fleet.operations.push(operation({ state: 'undone', reason: 'never became healthy (60 s)', finishedAt: new Date() }));
  fleet.lines.push(
    { instance: 'bot-1', line: '{"level":"error","msg":"wrong signature"}', at: new Date('2026-03-02T10:31:00.123Z') },
    { instance: 'bot-1', line: 'plain words', at: undefined },
  );
  expect((await dispatcher.dispatch('/history bot', alice, place)).lines?.join('\n')).toMatch(
    /812 +stage: 41 → 42 +undone[\s\S]*never became healthy/,
  );
  expect((await dispatcher.dispatch('/releases bot', alice, place)).lines?.[2]).toMatch(/^42 .*stage$/);
  expect((await dispatcher.dispatch('/logs bot stage', alice, place)).lines).toEqual([
    '10:31:00.123 ERROR wrong signature',
    '                   plain words',
  ]);
  expect((await dispatcher.dispatch('/logs bot stage Signature', alice, place)).lines).toHaveLength(1);
});

test('completion proposes whole commands with what they would do', async () => {
  const complete = async (text: string) => (await dispatcher.complete(text, alice)).map(({ value }) => value);
  expect(await complete('')).toEqual([
    '/edwin help',
    '/deploy',
    '/rollback',
    '/edwin status',
    '/history',
    '/releases',
    '/build',
    '/logs',
    '/edwin dead',
  ]);
  expect(await complete('/de')).toEqual(['/deploy', '/edwin dead']);
  expect(await complete('/deploy b')).toEqual(['/deploy bot']);
  expect(await complete('/deploy bot ')).toEqual(['/deploy bot dev', '/deploy bot stage', '/deploy bot prod']);
  expect(await complete('/edwin deploy bot stage 4')).toEqual([
    '/edwin deploy bot stage 43',
    '/edwin deploy bot stage 42',
    '/edwin deploy bot stage 41',
  ]);
  expect(await complete('/deploy bot stage --')).toEqual(['/deploy bot stage --plan']);
  expect(await complete('/deploy moon ')).toEqual(['/deploy moon dev', '/deploy moon stage', '/deploy moon prod']);
  expect((await dispatcher.complete('/deploy bot d', alice))[0]?.hint).toBe(
    'newest: release 43, “Ask fewer placement items”',
  );
});

test('at the terminal commands are spelt as one types them there', async () => {
  const reply = await dispatcher.dispatch(
    'edwin deplyo bot stage',
    { ...alice, id: 'cli:alice', door: 'cli' },
    { place: 'terminal' },
  );
  expect(reply.message.text).toBe('There is no command "deplyo". Did you mean edwin deploy bot stage?');
  const prefixed = await open('', 'acme-');
  expect((await prefixed.dispatch('/acme-deplyo bot stage', alice, place)).message.text).toContain(
    'Did you mean /acme-deploy bot stage?',
  );
});
