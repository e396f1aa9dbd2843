import { connect, createServer, type Server, type Socket } from 'node:net';
import { until } from '../until';
import { openRelay, type Relay } from './relay';

let server: Server;
let relay: Relay;
const clients: Socket[] = [];

beforeEach(async () => {
  server = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  relay = await openRelay({ host: '127.0.0.1', port: (server.address() as { port: number }).port });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await relay.close();
  await new Promise((resolve) => server.close(resolve));
});

function client(): { socket: Socket; heard: () => string; state: () => 'open' | 'closed' } {
  const socket = connect(relay.port, relay.host);
  clients.push(socket);
  let heard = '';
  let state: 'open' | 'closed' = 'open';
  socket.on('data', (data) => (heard += data.toString()));
  socket.on('error', () => undefined);
  socket.on('close', () => (state = 'closed'));
  return { socket, heard: () => heard, state: () => state };
}

test('passes on what comes, either way', async () => {
  const one = client();
  one.socket.write('hello');
  await until(() => one.heard() === 'hello', { what: 'the echo' });
});

test('a pause keeps connections open and delivers nothing until it is over, new connections included', async () => {
  const before = client();
  before.socket.write('1');
  await until(() => before.heard() === '1', { what: 'the echo' });
  relay.pause();
  const during = client();
  await until(() => !during.socket.connecting, { what: 'it is connected' });
  before.socket.write('2');
  during.socket.write('3');
  expect([before.heard(), during.heard(), before.state(), during.state()]).toEqual(['1', '', 'open', 'open']);
  relay.resume();
  await until(() => before.heard() === '12' && during.heard() === '3', { what: 'what was held comes' });
});

test('a cut ends connections and refuses new ones until it is mended', async () => {
  const before = client();
  before.socket.write('1');
  await until(() => before.heard() === '1', { what: 'the echo' });
  await relay.cut();
  await until(() => before.state() === 'closed', { what: 'it is closed' });
  const during = client();
  await until(() => during.state() === 'closed', { what: 'it is refused' });
  await relay.mend();
  const after = client();
  after.socket.write('2');
  await until(() => after.heard() === '2', { what: 'the echo' });
});
