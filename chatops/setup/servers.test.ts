import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeCalls, type SetupCall, setupCalls } from './servers';

const password = (name: string): string => `pass-${name}`;

test('what is called says who is asked, and what each token and user may do', () => {
  const calls = setupCalls(['dev', 'stage'], password);
  expect(calls.map(({ method, url }) => `${method} ${url}`)).toEqual([
    ...['dev', 'stage'].flatMap((name) =>
      ['policy', 'policy', 'token', 'token'].map((what) => `PUT http://consul-${name}:8500/v1/acl/${what}`),
    ),
    'PUT http://elasticsearch:9200/_security/role/edwin_telemetry',
    'PUT http://elasticsearch:9200/_security/user/edwin',
    'POST http://elasticsearch:9200/_security/user/kibana_system/_password',
  ]);
  for (const { server, headers } of calls.slice(4, 8))
    expect([server, headers['x-consul-token']]).toEqual(['consul-stage', 'pass-CONSUL_MANAGEMENT_stage']);
  for (const { body, url } of calls) {
    expect(url).not.toContain('pass-');
    expect(JSON.stringify(body)).not.toMatch(/MANAGEMENT|pass-ELASTICSEARCH"/);
  }
});

describe('calls', () => {
  let answers: { status: number; text: string }[] = [];
  let asked: { url: string; body: unknown }[] = [];
  const server = createServer(async (request, response) => {
    asked.push({ url: request.url ?? '', body: JSON.parse(await bodyOf(request)) });
    const { status, text } = answers.shift() ?? { status: 200, text: '{}' };
    response.writeHead(status).end(text);
  });
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  beforeEach(() => {
    answers = [];
    asked = [];
  });
  const call = (more: Partial<SetupCall> = {}): SetupCall => ({
    server: 'consul-dev',
    method: 'PUT',
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/acl/token`,
    headers: { 'x-consul-token': 'pass-1' },
    body: { SecretID: 'pass-2' },
    ...more,
  });

  test('a server that still starts is waited for, and what is there already is well', async () => {
    answers = [
      { status: 500, text: 'No cluster leader' },
      { status: 403, text: 'ACL not found' },
      { status: 401, text: 'unable to authenticate user [elastic]' },
      { status: 200, text: '{}' },
      { status: 500, text: 'Invalid Policy: A Policy with Name "edwin" already exists' },
    ];
    const said: string[] = [];
    await makeCalls([call(), call({ already: /already exists/ })], (text) => said.push(text));
    expect(asked).toHaveLength(5);
    expect(said).toEqual(['Rights are given in consul-dev.']);
  });

  test('a refusal names the server, the call and the answer, and nothing that was sent', async () => {
    answers = [{ status: 400, text: 'bad rules' }];
    const failure = await makeCalls([call()], () => undefined).catch((error: Error) => error);
    expect(failure).toMatchObject({
      code: 'start.server-refused',
      message: 'consul-dev refused /v1/acl/token: 400 bad rules.',
    });
    expect(JSON.stringify(failure)).not.toContain('pass-');
  });

  test('a server that does not come round in time is refused with its usual cause', async () => {
    answers = Array.from({ length: 9 }, () => ({ status: 401, text: 'unable to authenticate user [elastic]' }));
    const elastic = { server: 'elasticsearch', hint: setupCalls([], password)[0]?.hint ?? '' };
    await expect(makeCalls([call(elastic)], () => undefined, -1)).rejects.toThrow(
      /^elasticsearch refused .* \[elastic\]\. On a disk that is nearly full it places no new index/,
    );
    expect(asked).toHaveLength(1);
  });
});

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
