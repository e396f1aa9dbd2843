import { once } from 'node:events';
import { until } from '../../test/until';
import { type Desk, openDesk, tokens } from '../../test/workspace';
import type { Json } from './json';

let desk: Desk;

beforeAll(async () => {
  desk = await openDesk();
});
beforeEach(() => desk.start());
afterEach(() => desk.stop());
afterAll(() => desk.drop());

test('nobody connected: the command fails at once and nothing is kept of it', async () => {
  expect(await desk.send('/deploy bot prod')).toEqual({ ok: false, error: 'dispatch_failed' });
  expect(desk.seen.map((event) => event.type)).toEqual(['ephemeral']);
  expect((desk.seen[0]!.data['message'] as Json)['text']).toContain('dispatch_failed');
});

test('an app that does not acknowledge in time: the command is delivered once and has timed out', async () => {
  let deliveries = 0;
  await desk.startApp((app) => {
    app.command('/slow', async () => {
      deliveries += 1;
    });
  });
  expect(await desk.send('/slow')).toEqual({ ok: false, error: 'operation_timeout' });
  expect(deliveries).toBe(1);
});

test('an event nobody acknowledges comes again under the same envelope id, and then no more', async () => {
  const { WebSocket } = await import('ws');
  const opened = await desk.call('apps.connections.open', {}, tokens.app);
  const socket = new WebSocket(String(opened.answer['url']));
  const frames: Json[] = [];
  socket.on('message', (data) => void frames.push(JSON.parse(String(data)) as Json));
  await until(() => frames[0]?.['type'] === 'hello', { what: 'hello' });
  await desk.send('hello');
  await until(() => frames.length === 4, { what: 'two redeliveries' });
  const [, ...envelopes] = frames;
  expect(new Set(envelopes.map((frame) => frame['envelope_id'])).size).toBe(1);
  expect(envelopes.map((frame) => frame['retry_attempt'])).toEqual([0, 1, 2]);
  expect(envelopes[1]?.['retry_reason']).toBe('timeout');
  socket.send(JSON.stringify({ envelope_id: envelopes[0]?.['envelope_id'], payload: {} }));
  await desk.send('again');
  await until(() => frames.length === 5, { what: 'the next event' });
  socket.close();
  await once(socket, 'close');
});

test('a ticket opens one socket, once, and never for a web page', async () => {
  const { WebSocket } = await import('ws');
  const address = String((await desk.call('apps.connections.open', {}, tokens.app)).answer['url']);
  const refused = async (options: { origin?: string } = {}): Promise<void> => {
    const [error] = (await once(new WebSocket(address, options), 'error')) as [Error];
    expect(error.message).toContain('401');
  };
  await refused({ origin: 'https://elsewhere.example' });
  await refused();
});

test('a refresh of one socket after the other, under two receivers, loses no command', async () => {
  const arrived: string[] = [];
  await desk.startApp((app) => {
    app.command('/count', async ({ ack, command }) => {
      arrived.push(command.text);
      await ack();
    });
  }, 2);
  let count = 0;
  const sendSome = async (until_: () => boolean): Promise<void> => {
    while (!until_()) {
      count += 1;
      expect(await desk.send(`/count ${count}`)).toEqual({ ok: true });
    }
  };
  for (let round = 0; round < 2; round += 1) {
    desk.workspace.refresh('one');
    await sendSome(() => desk.workspace.connections === 1);
    await sendSome(() => desk.workspace.connections === 2);
    // Sockets take turns: two more commands, and both receivers are known to be back.
    const before = count;
    await sendSome(() => count === before + 2);
  }
  expect(arrived).toEqual(Array.from({ length: count }, (_, index) => String(index + 1)));
}, 20_000);
