import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { App } from '@slack/bolt';
import fastify, { type FastifyInstance } from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';
import { silent } from '../../platform/log';
import { until } from '../../test/until';
import { sdkLogger } from './sdk-logger';
import { Sockets } from './sockets';

// A bare Socket Mode server, so that a test can send the frames that hurt.
let http: FastifyInstance;
let sockets: WebSocketServer;
let open: WebSocket[];
let acknowledged: string[];
let opened: number;
let receiver: Sockets;
let heard: string[];

beforeEach(async () => {
  open = [];
  acknowledged = [];
  heard = [];
  opened = 0;
  http = fastify({ forceCloseConnections: true });
  http.post('/api/apps.connections.open', async () => {
    opened++;
    return { ok: true, url: `ws://127.0.0.1:${(http.server.address() as AddressInfo).port}/socket` };
  });
  http.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  sockets = new WebSocketServer({ server: http.server });
  sockets.on('connection', (socket) => {
    open.push(socket);
    socket.on('message', (frame) =>
      acknowledged.push((JSON.parse(String(frame)) as { envelope_id: string }).envelope_id),
    );
    socket.on('close', () => open.splice(open.indexOf(socket), 1));
    socket.send(JSON.stringify({ type: 'hello' }));
  });
  const url = await http.listen({ port: 0, host: '127.0.0.1' });
  receiver = new Sockets({ appToken: 'xapp-1', apiUrl: `${url}/api/`, log: silent });
  const app = new App({
    receiver,
    logger: sdkLogger(silent),
    authorize: async () => ({ botToken: 'xoxb-1', botId: 'B1', botUserId: 'U1' }),
  });
  app.command(/.*/, async ({ ack, command }) => {
    await ack();
    heard.push(command.text);
  });
  await app.start();
  await until(() => open.length === 2, { what: 'both connections' });
});
afterEach(async () => {
  await receiver.stop();
  for (const socket of open) socket.terminate();
  await http.close();
});

const command = (id: string) =>
  JSON.stringify({
    type: 'slash_commands',
    envelope_id: id,
    payload: { command: '/edwin', text: id, user_id: 'U2', team_id: 'T1', channel_id: 'C1' },
  });

test('two connections stand, and a command on either is acknowledged', async () => {
  open[0]!.send(command('a'));
  open[1]!.send(command('b'));
  await until(() => acknowledged.length === 2 && heard.length === 2, { what: 'both commands' });
  expect([...acknowledged].sort()).toEqual(['a', 'b']);
});

test.each([
  [
    'app_rate_limited without an inner event',
    JSON.stringify({
      type: 'events_api',
      envelope_id: 'e',
      payload: { type: 'app_rate_limited', minute_rate_limited: 1 },
    }),
  ],
  ['an event without an event', JSON.stringify({ type: 'events_api', envelope_id: 'e', payload: {} })],
  ['a frame without a payload', JSON.stringify({ type: 'events_api' })],
  ['something that is no JSON', 'not json'],
  ['a bare null', 'null'],
])('%s ends nothing', async (_name, frame) => {
  for (const socket of [...open]) socket.send(frame);
  open[0]!.send(command('after'));
  await until(() => heard.includes('after'), { what: 'the command after it' });
  expect(open).toHaveLength(2);
});

test('asked to come again, a connection hears until the next one stands, and is closed then', async () => {
  const old = [...open];
  for (const socket of old) socket.send(JSON.stringify({ type: 'disconnect', reason: 'warning' }));
  old[0]!.send(command('still heard'));
  await until(() => opened === 4 && open.length === 4, { what: 'two more connections' });
  old[1]!.send(command('heard while the next one stands'));
  await until(() => heard.length === 2, { what: 'both commands' });
  await until(() => open.length === 2 && !open.includes(old[0]!) && !open.includes(old[1]!), {
    what: 'the old ones to close',
  });
});

test('a connection that is cut is made anew, and a server that is away is dialled until it is back', async () => {
  open[0]!.terminate();
  await until(() => opened === 3 && open.length === 2, { what: 'the third connection' });
  const closed = open.map((socket) => once(socket, 'close'));
  for (const socket of open) socket.terminate();
  await Promise.all(closed);
  await until(() => open.length === 2, { what: 'both again' });
  open[1]!.send(command('again'));
  await until(() => heard.includes('again'), { what: 'a command' });
});
