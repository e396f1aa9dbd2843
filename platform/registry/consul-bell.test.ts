import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from '../../test/until';
import { silent } from '../log';
import { startBell } from './consul-bell';
import { type ConsulClient, openConsulClient } from './consul-client';

/** What Consul itself does only in rare moments, played by a server of our own. */
type Turn =
  | { readonly index?: string; readonly status?: number; readonly checks?: readonly string[] }
  | 'cut'
  | 'holds';

let server: Server;
let client: ConsulClient;
let turns: Turn[] = [];
let asked: (string | null)[] = [];

const check = (id: string) => ({ Node: 'n', CheckID: id, Status: 'passing', Notes: '', Output: '', ServiceID: id });

function answer({ url = '' }: IncomingMessage, response: ServerResponse): void {
  asked.push(new URL(url, 'http://consul').searchParams.get('index'));
  const turn = turns.shift() ?? 'holds';
  if (turn === 'holds') return;
  if (turn === 'cut') return void response.destroy();
  response.writeHead(turn.status ?? 200, {
    'content-type': 'application/json',
    ...(turn.index !== undefined && { 'x-consul-index': turn.index }),
  });
  response.end(JSON.stringify((turn.checks ?? []).map(check)));
}

beforeEach(async () => {
  asked = [];
  server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const where = `127.0.0.1:${port}/stage`;
  client = openConsulClient({
    secure: false,
    host: '127.0.0.1',
    port,
    token: 'x',
    datacenter: 'stage',
    where,
    tls: {},
  });
});
afterEach(async () => {
  client.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test.each<[string, Turn[], (string | null)[], boolean[]]>([
  [
    'rings when entries changed, and asks for what is newer than it knows',
    [
      { index: '5', checks: ['a'] },
      { index: '9', checks: ['a', 'b'] },
    ],
    [null, '5', '9'],
    [false, false],
  ],
  [
    'does not ring when a wait is over, or when only others changed',
    [
      { index: '5', checks: ['a'] },
      { index: '5', checks: ['a'] },
      { index: '7', checks: ['a'] },
    ],
    [null, '5', '5', '7'],
    [false],
  ],
  [
    'begins anew when the index goes back',
    [
      { index: '5', checks: ['a'] },
      { index: '3', checks: ['b'] },
      { index: '4', checks: ['b'] },
    ],
    [null, '5', null, '4'],
    [false, false],
  ],
  [
    'never asks with an index of zero, or without one, which would not wait',
    [{ index: '0', checks: ['a'] }, { checks: ['a'] }, { index: '6', checks: ['a'] }],
    [null, null, null, '6'],
    [false],
  ],
  [
    'rings anew when it could not ask for a while, and does not trust its index any more',
    [{ index: '5', checks: ['a'] }, 'cut', { status: 500 }, { status: 429 }, { index: '5', checks: ['a'] }],
    [null, '5', null, null, null, '5'],
    [false, true],
  ],
])('%s', async (_, plan, questions, rings) => {
  turns = [...plan];
  const rung: boolean[] = [];
  const bell = startBell(client, (anew) => rung.push(anew), silent);
  await until(() => asked.length === questions.length, { what: 'everything is asked' });
  expect(asked).toEqual(questions);
  expect(rung).toEqual(rings);
  await bell.stop();
});
