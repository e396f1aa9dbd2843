import { createHmac } from 'node:crypto';
import { App } from '@slack/bolt';
import fastify, { type FastifyInstance } from 'fastify';
import { silent } from '../../platform/log';
import { sdkLogger } from './sdk-logger';
import { SignedHttp, signatureFault } from './signed-http';

const secret = 'signing-secret';
const sign = (body: string, stamp: number, key = secret) =>
  `v0=${createHmac('sha256', key).update(`v0:${stamp}:${body}`).digest('hex')}`;
const nowSeconds = () => Math.floor(Date.now() / 1000);

let server: FastifyInstance;
let url: string;
let heard: string[];

beforeEach(async () => {
  heard = [];
  const receiver = new SignedHttp({ signingSecret: secret, log: silent });
  const app = new App({
    receiver,
    logger: sdkLogger(silent),
    authorize: async () => ({ botToken: 'xoxb-1', botId: 'B1', botUserId: 'U1' }),
  });
  app.command(/.*/, async ({ ack, command }) => {
    await ack();
    heard.push(`${command.command} ${command.text}`);
  });
  app.action('run', async ({ ack }) => {
    await ack();
    heard.push('pressed');
  });
  server = fastify({ forceCloseConnections: true });
  await server.register(receiver.routes);
  url = await server.listen({ port: 0, host: '127.0.0.1' });
});
afterEach(() => server.close());

const form = new URLSearchParams({
  command: '/deploy',
  text: 'bot stage',
  user_id: 'U2',
  team_id: 'T1',
  channel_id: 'C1',
  trigger_id: '1.2',
}).toString();

async function call(
  body: string,
  { stamp = nowSeconds(), signature = sign(body, stamp), type = 'application/x-www-form-urlencoded' } = {},
) {
  const headers = { 'content-type': type, 'x-slack-request-timestamp': String(stamp), 'x-slack-signature': signature };
  const answer = await fetch(`${url}/slack/events`, { method: 'POST', headers, body });
  return { statusCode: answer.status, body: await answer.text() };
}

test('a signed command is acknowledged and heard', async () => {
  expect(await call(form)).toMatchObject({ statusCode: 200, body: '' });
  expect(heard).toEqual(['/deploy bot stage']);
});

test('a press comes as JSON within a form', async () => {
  const payload = {
    type: 'block_actions',
    user: { id: 'U2' },
    team: { id: 'T1' },
    channel: { id: 'C1' },
    actions: [{ type: 'button', action_id: 'run', block_id: 'b' }],
  };
  expect((await call(new URLSearchParams({ payload: JSON.stringify(payload) }).toString())).statusCode).toBe(200);
  expect(heard).toEqual(['pressed']);
});

test('Slack’s challenge is answered', async () => {
  const answer = await call(JSON.stringify({ type: 'url_verification', challenge: 'abc' }), {
    type: 'application/json',
  });
  expect(JSON.parse(answer.body)).toEqual({ challenge: 'abc' });
});

test('a captured request can not be played again', async () => {
  const stamp = nowSeconds();
  expect((await call(form, { stamp })).statusCode).toBe(200);
  expect((await call(form, { stamp })).statusCode).toBe(401);
  expect(heard).toHaveLength(1);
});

test.each([
  ['a wrong secret', { signature: sign(form, nowSeconds(), 'other') }],
  ['no signature', { signature: '' }],
  ['an old stamp', { stamp: nowSeconds() - 301 }],
  ['a stamp from the future', { stamp: nowSeconds() + 310 }],
])('%s is refused and nothing is heard', async (_name, options) => {
  expect((await call(form, options)).statusCode).toBe(401);
  expect(heard).toEqual([]);
});

test('a body that is not what it says is refused as malformed', async () => {
  expect((await call('{', { type: 'application/json' })).statusCode).toBe(400);
});

test('why a signature is wrong is told without a word of the secret', () => {
  const now = 1_700_000_000_000;
  const stamp = String(now / 1000);
  expect(signatureFault(secret, { stamp, body: 'x', signature: sign('x', now / 1000) }, now)).toBeUndefined();
  expect(signatureFault(secret, { stamp: 'x', body: 'x', signature: '' }, now)).toBe('no time stamp');
  expect(signatureFault(secret, { stamp, body: 'y', signature: sign('x', now / 1000) }, now)).toBe(
    'the signature is wrong',
  );
});
