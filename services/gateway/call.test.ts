import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { call } from './call';

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const get = (url: string, limitMs = 5_000) => call(url, { method: 'GET', headers: {}, limitMs });

test('an answer comes with status, headers and text; the next call uses the same connection', async () => {
  const ports = new Set<number | undefined>();
  const url = await serve((request, response) => {
    ports.add(request.socket.remotePort);
    request.on('data', (chunk) => response.write(chunk));
    request.on('end', () => response.end(request.headers['content-length']));
    response.writeHead(201, { 'x-header': 'yes' });
  });
  for (let round = 0; round < 2; round++) {
    const answer = await call(url, { method: 'POST', headers: {}, body: '“é”', limitMs: 5_000 });
    expect(answer).toMatchObject({ status: 201, text: '“é”8', headers: { 'x-header': 'yes' } });
  }
  expect(ports.size).toBe(1);
});

test('whoever does not answer in time, or stops in the middle, is given up', async () => {
  const silent = await serve(() => undefined);
  const halting = await serve((_request, response) => response.write('half'));
  for (const url of [silent, halting]) await expect(get(url, 100)).rejects.toMatchObject({ code: 'TIMEOUT' });
});

test('a connection that ends in the middle of an answer is a failure', async () => {
  const url = await serve((_request, response) => {
    response.writeHead(200, { 'content-length': 10 }).write('half', () => response.destroy());
  });
  await expect(get(url)).rejects.toMatchObject({ code: 'ECONNRESET' });
});

test('what can not leave in time does not leave, on a new connection and on a kept one', async () => {
  let requests = 0;
  const url = await serve((_request, response) => {
    requests++;
    response.end();
  });
  const late = call(url, { method: 'POST', headers: {}, body: '{}', limitMs: 5_000, leavesWithinMs: 0 });
  await expect(late).rejects.toMatchObject({ code: 'LATE' });
  await call(url, { method: 'POST', headers: {}, body: '{}', limitMs: 5_000, leavesWithinMs: 5_000 });
  const again = call(url, { method: 'POST', headers: {}, body: '{}', limitMs: 5_000, leavesWithinMs: 0 });
  await expect(again).rejects.toMatchObject({ code: 'LATE' });
  await get(url);
  expect(requests).toBe(2);
});

test('an answer without end is cut off', async () => {
  const url = await serve((_request, response) => {
    const more = () => response.write('x'.repeat(100_000), more);
    more();
  });
  await expect(get(url)).rejects.toMatchObject({ code: 'TOO_LONG' });
});

test('nobody there is told as such', async () => {
  const server = createSocketServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  await expect(get(`http://127.0.0.1:${port}`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
