import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { readArguments, readToken } from './arguments';
import type { Core } from './core';
import { RateLimited, SlackFailure } from './failure';
import type { Json } from './json';
import { basics } from './methods/basics';
import { chat } from './methods/chat';
import { conversations } from './methods/conversations';
import type { Method, Methods } from './methods/method';
import { users } from './methods/users';
import { views } from './methods/views';
import { respond } from './respond';
import { scopes } from './team';

const methods: Methods = { ...basics, ...chat, ...conversations, ...users, ...views };
const MOST_BODY_BYTES = 1_000_000;

/** Slack's Web API and its response addresses, to be mounted under `/slack`. */
export function apiRoutes(core: Core): FastifyPluginAsync {
  return async (fastify) => {
    acceptForms(fastify);
    fastify.route({
      method: ['GET', 'POST'],
      url: '/api/:method',
      bodyLimit: MOST_BODY_BYTES,
      handler: (request, reply) => answer(core, request, reply),
    });
    fastify.post<{ Params: { token: string } }>(
      '/response/:token',
      { bodyLimit: MOST_BODY_BYTES },
      async (request, reply) => {
        const failure = await respond(core, request.params.token, request.body);
        return failure === undefined
          ? reply.type('text/plain').send('ok')
          : reply.code(failure.status).send({ ok: false, ...failure.answer });
      },
    );
  };
}

function acceptForms(fastify: FastifyInstance): void {
  fastify.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(String(body))));
  });
}

async function answer(core: Core, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  await core.pause();
  void reply
    .header('x-slack-req-id', randomUUID().replaceAll('-', ''))
    .header('x-oauth-scopes', scopes)
    .header('x-accepted-oauth-scopes', '')
    .header('cache-control', 'no-store');
  try {
    return { ok: true, ...(await run(core, (request.params as { method: string }).method, request)) };
  } catch (error) {
    if (error instanceof RateLimited)
      return reply
        .code(429)
        .header('retry-after', String(error.retryAfterSeconds))
        .send({ ok: false, error: 'ratelimited' });
    if (error instanceof SlackFailure) return { ok: false, error: error.error, ...error.details };
    core.deps.log.error({ error, url: request.url.split('?')[0] }, 'A method of the local workspace failed');
    return { ok: false, error: 'internal_error' };
  }
}

async function run(core: Core, name: string, request: FastifyRequest): Promise<Json> {
  const method: Method | undefined = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (method === undefined) throw new SlackFailure('unknown_method', { req_method: name });
  const args = readArguments(request.query, request.body);
  authorize(core, method, readToken(request.headers.authorization, args));
  core.limits?.take(method.tier, name, String(args['channel'] ?? ''));
  return method.run(core, args);
}

function authorize(core: Core, method: Method, token: string | undefined): void {
  const { bot, app } = core.deps.tokens;
  if (token === undefined) throw new SlackFailure('not_authed');
  if (token === (method.token === 'bot' ? bot : app)) return;
  throw new SlackFailure(token === bot || token === app ? 'not_allowed_token_type' : 'invalid_auth');
}
