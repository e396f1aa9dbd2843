import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { until } from '../until';
import { startLoad } from './load';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function loadOn(answer: (response: ServerResponse, socket: Socket) => unknown) {
  server = createServer((request, response) => void answer(response, request.socket));
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  const load = startLoad(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, 4);
  await until(() => load.count() > 40, { what: 'some requests' });
  return load.stop();
}

test('answers are counted by what they say, on connections that are kept', async () => {
  const sockets = new Set<Socket>();
  const load = await loadOn((response, socket) => response.end(sockets.add(socket) && 'version 1'));
  expect(load.failed).toBe(0);
  expect([...load.answers]).toEqual([['version 1', load.requests]]);
  expect(sockets.size).toBe(4);
});

test('a server that ends its connections orderly makes nothing fail', async () => {
  const load = await loadOn((response) => response.setHeader('connection', 'close').end('x'));
  expect(load.failed).toBe(0);
});

const half = (response: ServerResponse, socket: Socket): void => {
  response.setHeader('content-length', 9).write('x');
  setImmediate(() => socket.end());
};
const endless = (response: ServerResponse): void => {
  response.write('x');
  response.end();
};

test.each<[string, (response: ServerResponse, socket: Socket) => unknown, RegExp]>([
  ['another status', (response) => response.writeHead(503, { 'content-length': 4 }).end('busy'), /^503 busy$/],
  ['a connection that is reset', (_, socket) => socket.resetAndDestroy(), /ECONNRESET/],
  ['half an answer', half, /ended without an answer/],
  ['an answer without its length', endless, /^200 /],
])('%s is a failure, each time', async (_, answer, sentence) => {
  const load = await loadOn(answer);
  expect(load.failed).toBe(load.requests);
  expect(load.failures[0]).toMatch(sentence);
});
