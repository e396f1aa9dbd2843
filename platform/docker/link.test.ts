import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from '../../test/until';
import { silent } from '../log';
import { connectEngine, type Engine } from './engine';
import type { HostEntry } from './hosts-file';
import { type Link, openLink } from './link';

/** Something that answers as an engine does, as long as it is let. */
let server: Server;
let engine: Engine;
let link: Link;
let mute: (path: string) => boolean;
let held: ServerResponse[];
let pings: number;

beforeEach(async () => {
  mute = () => false;
  held = [];
  pings = 0;
  server = createServer(({ url = '' }, response) => {
    if (url.endsWith('/_ping')) pings++;
    if (mute(url)) held.push(response);
    else response.setHeader('content-type', 'application/json').end('{}');
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const host: HostEntry = {
    name: 'h1',
    engine: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    zone: 'a',
    address: '127.0.0.1',
    bind: '',
    reach: 'port',
    networks: 'edwin',
    bridge: 'own',
    environments: [],
    tls: undefined,
    drained: false,
    cpus: undefined,
    memoryMb: undefined,
  };
  engine = connectEngine(host, silent);
  link = openLink(engine, async () => undefined);
  await link.known();
});
afterEach(async () => {
  await link.close();
  engine.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const info = () => link.run(10_000, ({ calls }) => calls.info());

test('an engine that is late with one answer and gives others is reached', async () => {
  mute = (path) => path.endsWith('/_ping');
  const before = pings;
  // The second probe begins when the first has waited for as long as it may.
  while (pings < before + 2) await info();
  expect(link.reached).toBe(true);
}, 20_000);

test('one that falls silent is lost soon after its last answer, also when that came while a probe was under way', async () => {
  mute = (path) => path.endsWith('/_ping');
  const before = pings;
  await until(() => pings > before, { what: 'a probe is under way' });
  await info();
  mute = () => true;
  const since = performance.now();
  await link.changed();
  expect(link.reached).toBe(false);
  expect(performance.now() - since).toBeLessThan(7_500);
  await expect(info()).rejects.toMatchObject({ code: 'hosts.unreachable' });

  mute = () => false;
  for (const response of held) response.destroy();
  await until(() => link.reached, { what: 'it is reached again' });
  await info();
}, 20_000);
