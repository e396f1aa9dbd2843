import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mailerAt } from './mailer';

let server: Server;

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

test('a mailer that does not answer in time is given more time, not asked more often', async () => {
  const heldMs: number[] = [];
  let calls = 0;
  server = createServer((request, response) => {
    calls += 1;
    if (calls === 3) return void response.end('{}');
    const began = performance.now();
    request.socket.once('close', () => heldMs.push(performance.now() - began));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const mailer = mailerAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'token');
  await mailer.save([
    { mid: 'm1', student: 's1', page: 'p1', kind: 'text', text: 'hello', sentAt: new Date().toISOString() },
  ]);
  expect(calls).toBe(3);
  expect(heldMs[1]).toBeGreaterThan(heldMs[0] ?? Number.POSITIVE_INFINITY);
  expect(heldMs[1]).toBeGreaterThan(3_500);
}, 20_000);
