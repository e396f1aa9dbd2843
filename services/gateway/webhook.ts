import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { Logger } from '../../platform/log';
import { httpRequests, webhookRefused } from '../../platform/metrics';
import { sameSecret } from '../../platform/same-secret';
import type { Mailer } from './mailer';
import { type Echo, parseWebhook } from './parse';
import { signatureMatches } from './signature';

export interface WebhookDeps {
  readonly appSecret: string;
  readonly verifyToken: string;
  readonly mailer: Mailer;
  /** Stores what echoes prove about our sends. */
  settle(echoes: readonly Echo[]): Promise<void>;
  readonly log: Logger;
}

const MOST_BYTES = 1024 * 1024;

/**
 * What Facebook calls. `GET /webhook` answers the challenge of a subscription. `POST /webhook` answers 200 only when
 * the mailer has saved every message of the call; any other answer makes Facebook deliver it again.
 *
 * Refused, with nothing stored: 403 wrong or missing signature (and verify token, as in Facebook's own sample),
 * 400 not JSON, 404 not of a page (as in the sample), 413 above 1 MiB, 415 another content type.
 * 503: not saved now, deliver it again.
 */
export function webhookServer(deps: WebhookDeps): FastifyInstance {
  const { log } = deps;
  const app = fastify({ bodyLimit: MOST_BYTES });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  const refuse = (response: FastifyReply, status: number, reason: string): FastifyReply => {
    webhookRefused.inc({ reason });
    log.warn({ event: 'webhook.refused', reason, status }, `A webhook call was refused: ${reason}`);
    return response.code(status).type('text/plain').send(`refused: ${reason}`);
  };

  app.get<{ Querystring: Record<string, unknown> }>('/webhook', async ({ query }, response) => {
    const { 'hub.mode': mode, 'hub.verify_token': token, 'hub.challenge': challenge } = query;
    const right = sameSecret(typeof token === 'string' ? token : undefined, deps.verifyToken);
    if (mode !== 'subscribe' || !right || typeof challenge !== 'string') return refuse(response, 403, 'verify_token');
    log.info({ event: 'webhook.verified' }, 'The webhook subscription is verified');
    return response.type('text/plain').header('x-content-type-options', 'nosniff').send(challenge);
  });

  app.post('/webhook', async (request, response) => {
    const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const header = request.headers['x-hub-signature-256'];
    if (!signatureMatches(raw, typeof header === 'string' ? header : undefined, deps.appSecret)) {
      return refuse(response, 403, 'signature');
    }
    const body = jsonOf(raw);
    if (body === undefined) return refuse(response, 400, 'malformed');
    const webhook = parseWebhook(body.value, new Date());
    if (webhook === undefined) return refuse(response, 404, 'object');
    if (webhook.messages.length > 0) {
      for (const { mid, student, kind } of webhook.messages) {
        log.info({ event: 'message.received', mid, student, kind }, `A message of ${student} arrived`);
      }
      await deps.mailer.save(webhook.messages);
    }
    if (webhook.echoes.length > 0) await deps.settle(webhook.echoes);
    return response.type('text/plain').send('EVENT_RECEIVED');
  });

  app.addHook('onResponse', async (request, response) => {
    const route = request.routeOptions.url ?? 'none';
    httpRequests.observe({ route, status: response.statusCode }, response.elapsedTime / 1000);
  });
  app.setErrorHandler<Error & { statusCode?: number }>((error, _request, response) => {
    const { statusCode = 503 } = error;
    if (statusCode === 413) return refuse(response, 413, 'oversized');
    if (statusCode === 415) return refuse(response, 415, 'content_type');
    if (statusCode < 500) return refuse(response, statusCode, 'malformed');
    log.error({ error }, 'A webhook call could not be saved; it will be delivered again');
    return response.code(503).type('text/plain').send('not saved, deliver it again');
  });
  return app;
}

function jsonOf(raw: Buffer): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(raw.toString('utf8')) };
  } catch {
    return undefined;
  }
}
