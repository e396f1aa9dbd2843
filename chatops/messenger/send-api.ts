import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { bearerOf, sameSecret } from '../../platform/same-secret';
import type { Chat } from './chat';
import type { Conversations } from './conversations';
import { conversationsAnswer } from './conversations-answer';
import type { Faults } from './faults';
import type { ChatFeed } from './feed';
import { type GraphError, graphErrorBody, graphErrors, wrongParam } from './graph-error';
import type { Rate } from './rate';
import { readSend, refusal } from './send-request';

export interface SendApiDeps {
  readonly chat: Chat;
  readonly conversations: Conversations;
  readonly feed: ChatFeed;
  readonly faults: Faults;
  readonly rate: Rate;
  readonly pageToken: (environment: string) => string;
}

type Call = FastifyRequest<{ Params: { env: string }; Querystring: Record<string, unknown>; Body: unknown }>;

/**
 * The part of Facebook's Graph API that a gateway calls, under `/<env>` and `/<env>/v23.0`:
 * `POST /me/messages` and `GET /me/conversations`, with Facebook's answers and errors.
 */
export function sendApi(app: FastifyInstance, deps: SendApiDeps): void {
  const { chat, conversations, feed, faults, rate } = deps;
  const fail = (response: FastifyReply, error: GraphError): FastifyReply => {
    if (error.code === 190)
      response.header('www-authenticate', `OAuth "Facebook Platform" "invalid_token" "${error.message}"`);
    if (error.code === 613)
      response.header('x-app-usage', JSON.stringify({ call_count: 100, total_time: 25, total_cputime: 25 }));
    return response.code(error.status).send(graphErrorBody(error));
  };
  const rightToken = ({ params, query, headers, body }: Call): boolean => {
    const inBody = (body as { access_token?: unknown } | null | undefined)?.access_token;
    const given = bearerOf(headers.authorization) ?? query['access_token'] ?? inBody;
    return sameSecret(typeof given === 'string' ? given : undefined, deps.pageToken(params.env));
  };

  const messages = async (request: Call, response: FastifyReply): Promise<FastifyReply | object> => {
    const { env } = request.params;
    if (!rightToken(request)) return fail(response, graphErrors.token);
    if (!rate.allows(env, Date.now())) return fail(response, graphErrors.limit);
    const wanted = readSend(request.body);
    if (wanted.kind === 'error') return fail(response, wanted.error);
    if (wanted.kind === 'action') {
      if (wanted.action !== 'mark_seen')
        feed.publish(env, { type: 'typing', student: wanted.student, on: wanted.action === 'typing_on' });
      return { recipient_id: wanted.student };
    }
    const { student, ...content } = wanted.wanted;
    const fault = faults.take(env, student);
    if (fault === 'stall') return response.hijack();
    if (fault === 'lose-request') return hangUp(request, response);
    if (fault !== undefined && fault in graphErrors)
      return fail(response, graphErrors[fault as keyof typeof graphErrors]);
    const refused = refusal(await conversations.student(env, student), new Date());
    if (refused) return fail(response, refused);
    const { mid } = await chat.show(env, student, {
      ...content,
      echo: fault !== 'lose-answer-and-echo' && fault !== 'hang',
    });
    if (fault === 'hang') return response.hijack();
    if (fault !== undefined) return hangUp(request, response);
    return { recipient_id: student, message_id: mid };
  };

  const list = async (request: Call, response: FastifyReply): Promise<FastifyReply | object> => {
    if (!rightToken(request)) return fail(response, graphErrors.token);
    const { platform = 'messenger', user_id: student, fields = 'id,link,updated_time' } = request.query;
    if (platform !== 'messenger')
      return fail(response, wrongParam('Param platform must be one of {instagram, messenger}'));
    if (typeof student !== 'string' || typeof fields !== 'string')
      return fail(response, wrongParam('The parameter user_id is required'));
    return conversationsAnswer(conversations, request.params.env, student, fields);
  };

  for (const prefix of ['/:env', '/:env/:version(^v\\d+\\.\\d+$)']) {
    app.post(`${prefix}/me/messages`, messages);
    app.get(`${prefix}/me/conversations`, list);
  }
}

function hangUp(request: FastifyRequest, response: FastifyReply): FastifyReply {
  response.hijack();
  request.raw.socket.destroy();
  return response;
}
