import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PAGE_TOKEN } from '../../chatops/messenger/fixture';
import { until } from '../../test/until';
import { type RunningGateway, replyTo, type Surroundings, startGateway, startSurroundings } from './fixture';
import { graphApi } from './graph-api';

/** The gateway gives up a call after that; Messenger takes its first message only so long after it was given up. */
const [LIMIT_MS, SLOW_MS] = [1_600, 800];
let around: Surroundings;
let gateway: RunningGateway;
let slow: Server;
let late: Promise<void>;

/** Passes everything on to the local Messenger, the first message late; `late` is called when that is taken. */
function slowMessenger(target: string, late: () => void): Server {
  let first = true;
  return createServer((asked, answer) => {
    const chunks: Buffer[] = [];
    asked.on('data', (chunk: Buffer) => chunks.push(chunk));
    asked.on('end', () => {
      const pass = (taken?: () => void): void => {
        const { method, headers } = asked;
        const passed = request(`${target}${asked.url}`, { method, headers }, (response) => {
          answer.writeHead(response.statusCode ?? 502, response.headers);
          response.pipe(answer);
          taken?.();
        });
        passed.end(Buffer.concat(chunks));
      };
      if (!first || asked.method !== 'POST') return pass();
      first = false;
      asked.socket.once('close', () => setTimeout(pass, SLOW_MS, late));
    });
  });
}

beforeAll(async () => {
  around = await startSurroundings();
  late = new Promise((resolve) => {
    slow = slowMessenger(around.messenger.url, resolve).listen(0, '127.0.0.1');
  });
  await new Promise((resolve) => slow.once('listening', resolve));
  const url = `http://127.0.0.1:${(slow.address() as AddressInfo).port}`;
  gateway = await startGateway(around, graphApi(`${url}/v23.0`, PAGE_TOKEN, LIMIT_MS));
});
afterAll(async () => {
  await gateway?.stop();
  slow?.closeAllConnections();
  slow?.close();
  await around?.close();
});

test('a message that Messenger takes after its call was given up is not sent twice', async () => {
  await around.greet('anna');
  await gateway.take(replyTo('anna', 1, 'Ready?'));
  await late;
  await gateway.take(replyTo('anna', 2, 'Go!'));
  await until(async () => (await around.shown('anna')).includes('Go!'), { what: 'the next reply', withinMs: 15_000 });
  expect(await around.shown('anna')).toEqual(['Ready?', 'Go!']);
});
