import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from '../../test/until';
import { createStream, type Stream } from './stream';

let stream: Stream;
let server: Server;
let audience: boolean[];

beforeEach(async () => {
  audience = [];
  stream = createStream((present) => audience.push(present));
  server = createServer((request, response) => {
    const query = new URL(request.url ?? '/', 'http://x').searchParams;
    stream.connect(response, query.get('user') ?? '', query.get('last') ?? undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  stream.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Reads until `text` has come; then goes away. */
async function read(query: string, text: string, once?: () => void): Promise<string> {
  const leaving = new AbortController();
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/?${query}`, {
    signal: leaving.signal,
  });
  let seen = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    if (seen === '') once?.();
    seen += decoder.decode(chunk);
    if (seen.includes(text)) break;
  }
  leaving.abort();
  return seen;
}

const lastId = (seen: string): string =>
  seen
    .match(/id: (\S+)/g)
    ?.at(-1)
    ?.slice(4) ?? '';

test('a page that was away gets what it missed, and nothing twice', async () => {
  const first = await read('user=A', '"n":1', () => stream.publish('board', { n: 1 }));
  stream.publish('board', { n: 2 });
  stream.publish('board', { n: 3 });
  const second = await read(`user=A&last=${lastId(first)}`, '"n":3');
  expect(second).toContain('event: resumed');
  expect(second.match(/"n":\d/g)).toEqual(['"n":2', '"n":3']);
});

test('a page whose last event is not known any more is told to load everything', async () => {
  expect(await read('user=A', '\n\n')).toContain('event: reset');
  expect(await read('user=A&last=0badcafe-12', '\n\n')).toContain('event: reset');
});

test('what is for one person reaches only that person', async () => {
  const publish = (): void => {
    stream.publish('ephemeral', { for: 'B' }, 'B');
    stream.publish('board', { n: 1 });
  };
  expect(await read('user=A', '"n":1', publish)).not.toContain('"for"');
  expect(await read('user=B', '"n":1', publish)).toContain('"for":"B"');
});

test('the board is watched only while somebody looks', async () => {
  await read('user=A', '\n\n');
  await until(() => audience.length === 2, { what: 'the end of the audience' });
  expect(audience).toEqual([true, false]);
});
