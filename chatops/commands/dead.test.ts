import { silent } from '../../platform/log';
import { openPostgresQueue } from '../../platform/queue/postgres';
import type { Queue } from '../../platform/queue/queue';
import type { TelemetryStore } from '../../platform/telemetry/telemetry';
import { createTestDatabase, type TestDatabase } from '../../test/database';
import { FleetDouble } from '../../test/fleet-double';
import { until } from '../../test/until';
import { openAccess } from '../access';
import type { Actor } from '../command';
import { type Dispatcher, openDispatcher } from '../dispatch';
import { environmentQueues } from '../queues';

// The queue is a real one; the fleet only knows names.
const alice: Actor = { id: 'slack:UALICE', name: 'alice', door: 'slack', standing: 'member' };
const vera: Actor = { id: 'slack:UVIEWER', name: 'vera', door: 'slack', standing: 'member' };
const place = { place: 'C1' };
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

let database: TestDatabase;
let dispatcher: Dispatcher;
let queue: Queue;
let queues: ReturnType<typeof environmentQueues>;

beforeAll(async () => {
  database = await createTestDatabase();
  queue = await openPostgresQueue(database.url, silent, { deliveryLimit: 1 });
  queues = environmentQueues(new Map([['prod', { queue: database.url }]]), (url) => openPostgresQueue(url, silent));
  dispatcher = await openDispatcher({
    fleet: new FleetDouble(),
    telemetry: {} as TelemetryStore,
    queue: queues.of,
    pool: database.pool,
    publicUrl: 'http://localhost:4400',
    log: silent,
    access: openAccess('viewer=UVIEWER', 'engineer'),
  });
});
afterAll(async () => {
  await queues.close();
  await queue.close();
  await database.drop();
});
beforeEach(async () => {
  await database.pool.query('DELETE FROM queue.messages');
  await database.pool.query('DELETE FROM audit.commands');
  for (const [name, ids] of [
    ['bot.messages', ['m1', 'm2']],
    ['bot.nudges', ['n1']],
    ['gateway.replies', ['r1']],
  ] as const) {
    await queue.publish(
      name,
      ids.map((id) => ({ id, body: { text: `about ${id}` }, headers: { traceparent } })),
    );
    const consumer = await queue.consume(name, { concurrency: 1 }, async ({ id }) => {
      throw new Error(`${id} means nothing`);
    });
    await until(async () => (await queue.depth(name)).dead === ids.length, { what: `those of ${name} are dead` });
    await consumer.stop();
  }
});

const say = (text: string, actor = alice) => dispatcher.dispatch(`/edwin ${text}`, actor, place);

test('all queues of a service are shown, with why their messages died and what can be done', async () => {
  const reply = await say('dead bot prod', vera);
  expect(reply).toMatchObject({ exit: 0, audience: 'asker', message: { text: 'bot in prod has 3 dead messages.' } });
  const text = reply.lines?.join('\n') ?? '';
  expect(text).toMatch(/bot\.messages +m1 +now +1 +m1 means nothing\nbot\.messages +m2 .*\nbot\.nudges +n1 /);
  expect(text).toContain('/edwin dead bot prod replay <id>');
  expect(text).not.toContain('about m1'); // what a student wrote is shown only when it is asked for
  expect((await say('dead mailer prod')).message.text).toBe('No message of mailer in prod is dead.');
});

test('one is shown whole, with its trace', async () => {
  const reply = await say('dead bot prod show m2');
  expect(reply.message.text).toBe('Message m2 of bot in prod is dead.');
  const text = reply.lines?.join('\n') ?? '';
  expect(text).toContain('Reason: m2 means nothing');
  expect(text).toContain('/#/traces/prod/0af7651916cd43dd8448eb211c80319c');
  expect(text).toContain('"text": "about m2"');
});

test('one is replayed, and everyone sees who wanted it', async () => {
  const reply = await say('dead bot prod replay m1');
  expect(reply).toMatchObject({
    exit: 0,
    audience: 'channel',
    message: { text: '1 dead message of bot in prod will be delivered anew, asked for by alice.' },
  });
  expect(await queue.depth('bot.messages')).toMatchObject({ ready: 1, dead: 1 });
});

test('all of a service are dropped, and none of another', async () => {
  const reply = await say('dead bot prod drop all');
  expect(reply.message.text).toBe('3 dead messages of bot in prod removed, asked for by alice.');
  expect(reply.lines).toEqual(['bot.messages: 2', 'bot.nudges: 1']);
  expect((await queue.depth('gateway.replies')).dead).toBe(1);
});

test('a viewer may look and not touch, and a deed names what it means', async () => {
  const refused = await say('dead bot prod drop all', vera);
  expect(refused).toMatchObject({ exit: 2, message: { text: 'vera is a viewer here, and this needs an engineer.' } });
  expect((await say('dead bot prod drop')).message.text).toBe('/edwin dead bot prod drop needs an id, or "all".');
  expect((await say('dead bot prod bury m1')).message.text).toBe('action: it is show, replay or drop.');
  const unknown = await say('dead bot prod replay m9');
  expect(unknown).toMatchObject({ exit: 2, message: { text: expect.stringContaining('with the id m9 is dead') } });
  expect((await queue.depth('bot.messages')).dead).toBe(2);
  const { rows } = await database.pool.query('SELECT actor_name, outcome FROM audit.commands ORDER BY id LIMIT 1');
  expect(rows).toEqual([{ actor_name: 'vera', outcome: 'refused' }]);
});

test('completion offers what can be done, and the ids', async () => {
  const complete = async (text: string) => (await dispatcher.complete(text, alice)).map(({ word }) => word);
  expect(await complete('/edwin dead bot prod ')).toEqual(['show', 'replay', 'drop']);
  expect(await complete('/edwin dead bot prod replay ')).toEqual(['m1', 'm2', 'n1', 'all']);
});

test('a queue that can not be reached is told, and tried again with the next command', async () => {
  let away = true;
  const wavering = environmentQueues(new Map([['prod', { queue: database.url }]]), async (url) =>
    openPostgresQueue(away ? url.replace(/:\d+\//, ':1/') : url, silent),
  );
  await expect(wavering.of('prod')).rejects.toMatchObject({ code: 'queue.unreachable' });
  await expect(wavering.of('moon')).rejects.toMatchObject({ code: 'fleet.unknown-environment' });
  away = false;
  expect(await (await wavering.of('prod')).dead.queues('bot.')).toEqual(['bot.messages', 'bot.nudges']);
  expect(await wavering.of('prod')).toBe(await wavering.of('prod'));
  await wavering.close();
});
