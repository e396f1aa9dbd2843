import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { digestOfBytes } from './manifest';
import { parseRegistryAddress } from './registry-address';
import { RegistryClient } from './registry-client';
import { type Login, openLogin } from './registry-login';

/** Corners of the protocol that the registry server of the real suite has no way to show. */
type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const manifest = Buffer.from(JSON.stringify({ config: { digest: digestOfBytes(Buffer.of()), size: 0 }, layers: [] }));
const digest = digestOfBytes(manifest);
const servers: Server[] = [];
let seen: string[] = [];

async function serve(answer: Answer): Promise<string> {
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization ?? '-'}`);
    answer(request, response);
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function clientOf(where: string, login?: Login): RegistryClient {
  const address = parseRegistryAddress(`registry+http://ada:secret@${where}/team/app`);
  return new RegistryClient(address, login ?? openLogin({ ...address, command: undefined, env: {} }), {
    limitMs: 1_000,
  });
}

beforeEach(() => {
  seen = [];
});
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

test('all pages of tags are read, and only those with the prefix are kept', async () => {
  const pages = [['release-bot-1', 'commit-bot-1'], ['release-bot-2'], ['release-web-1', 'release-bot-3']];
  const where = await serve((request, response) => {
    const last = Number(new URL(request.url!, 'http://x').searchParams.get('last') ?? 0);
    const next = last + 1 < pages.length ? { link: `</v2/team/app/tags/list?n=2&last=${last + 1}>; rel="next"` } : {};
    response.writeHead(200, next).end(JSON.stringify({ name: 'team/app', tags: pages[last] }));
  });
  expect(await clientOf(where).tags('release-bot-')).toEqual(['release-bot-1', 'release-bot-2', 'release-bot-3']);
});

test('a registry that names the same page for ever is left', async () => {
  const where = await serve((_, response) => {
    response.writeHead(200, { link: '</v2/team/app/tags/list?last=1>; rel="next"' }).end('{"tags":["a"]}');
  });
  expect(await clientOf(where).tags('')).toEqual(['a']);
  expect(seen).toHaveLength(2);
});

test('no repository yet means no tags and no manifest', async () => {
  const where = await serve((_, response) => void response.writeHead(404).end('{"tags":null}'));
  expect(await clientOf(where).tags('')).toEqual([]);
  expect(await clientOf(where).manifest('latest')).toBeUndefined();
});

test.each([
  ['by digest', digest, {}],
  ['by tag, whose digest it states', 'latest', { 'docker-content-digest': digest }],
])('a manifest that is not what was asked for is refused: %s', async (_, reference, headers) => {
  const where = await serve((_request, response) => void response.writeHead(200, headers).end('{"config":"another"}'));
  await expect(clientOf(where).manifest(reference)).rejects.toMatchObject({
    code: 'images.damaged',
    message: expect.stringContaining(where),
  });
});

test('errors of the server and broken connections are tried again', async () => {
  const where = await serve((request, response) => {
    if (seen.length === 1) response.writeHead(503).end();
    else if (seen.length === 2) request.socket.destroy();
    else response.writeHead(200, { 'content-type': 'application/vnd.oci.image.manifest.v1+json' }).end(manifest);
  });
  expect(await clientOf(where).manifest('latest')).toMatchObject({ digest, bytes: manifest });
  expect(seen).toHaveLength(3);
});

test.each<[string, Answer, RegExp]>([
  ['fails', (_, response) => void response.writeHead(500).end(), /answers 500/],
  ['hangs', () => undefined, /no answer within 1 s/],
  ['never ends', (_, response) => void response.writeHead(200).end(Buffer.alloc(5 * 1024 * 1024)), /more than 4194304/],
])('a registry that %s is given up, and named without its password', async (_, answer, why) => {
  const where = await serve(answer);
  const error = await clientOf(where)
    .manifest('latest')
    .catch((thrown) => thrown);
  expect(error).toMatchObject({ code: 'images.unreachable', message: expect.stringMatching(why) });
  expect(error.message).toContain(where);
  expect(error.stack).not.toContain('secret');
});

test('where a blob lies elsewhere it is fetched from there, without credentials', async () => {
  const elsewhere = await serve((_, response) => void response.end(manifest));
  const where = await serve((request, response) => {
    if (!request.headers.authorization) response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    else response.writeHead(307, { location: `http://${elsewhere}/blob` }).end();
  });
  expect(await clientOf(where).blob(digest)).toEqual(manifest);
  expect(seen.map((line) => line.replace(/Basic .*/, 'Basic'))).toEqual([
    `GET /v2/team/app/blobs/${digest} -`,
    `GET /v2/team/app/blobs/${digest} Basic`,
    'GET /blob -',
  ]);
});

test('a registry that deletes nothing says so', async () => {
  const where = await serve((_, response) => void response.writeHead(405).end());
  await expect(clientOf(where).remove(digest)).rejects.toMatchObject({
    code: 'images.refused',
    message: expect.stringContaining('405'),
  });
});

test('passwords go to no token service that is less protected than the registry', async () => {
  const { openRegistryAuth } = await import('./registry-auth');
  const address = parseRegistryAddress('registry+https://ada:secret@registry.example/app');
  const auth = openRegistryAuth(address, openLogin({ ...address, command: undefined, env: {} }), { limitMs: 1_000 });
  const sent = { header: undefined, credentials: undefined };
  await expect(auth.answer('pull', 'Bearer realm="http://evil.example/token"', sent)).rejects.toMatchObject({
    code: 'images.refused',
    message: expect.stringContaining('evil.example'),
  });
});
