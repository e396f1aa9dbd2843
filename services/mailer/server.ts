import fastify, { type FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Pool } from '../../platform/database/postgres';
import type { Logger } from '../../platform/log';
import { inboundMessage } from '../../platform/messages';
import { bearerOf, sameSecret } from '../../platform/same-secret';
import { inSpan } from '../../platform/tracing';
import { saveMessages } from './save';

const batch = z.object({ messages: z.array(inboundMessage).min(1).max(100) });

export interface MailerDeps {
  readonly pool: Pool;
  readonly token: string;
  readonly log: Logger;
  /** Called after a commit that left rows in the outbox. */
  saved(): void;
}

/** `POST /messages {messages: InboundMessage[1…100]}` → 200 `{saved, duplicates}` once they are safe. 401, 400, 413, 503. */
export function mailerServer({ pool, token, log, saved }: MailerDeps): FastifyInstance {
  const app = fastify({ bodyLimit: 4 * 1024 * 1024 });

  app.post('/messages', async (request, response) => {
    if (!sameSecret(bearerOf(request.headers.authorization), token)) {
      return response.code(401).header('www-authenticate', 'Bearer').send({ error: 'wrong token' });
    }
    const parsed = batch.safeParse(request.body);
    if (!parsed.success) return response.code(400).send({ error: z.prettifyError(parsed.error) });
    const { messages } = parsed.data;
    const result = await inSpan(
      'save messages',
      { attributes: { 'messaging.batch.message_count': messages.length } },
      () => saveMessages(pool, messages),
    );
    if (result.saved.length > 0) saved();
    for (const { mid, student, sequence, kind } of result.saved) {
      log.info({ event: 'message.saved', mid, student, sequence, kind }, `Message ${sequence} of ${student} is saved`);
    }
    for (const mid of result.duplicates) log.info({ event: 'message.duplicated', mid }, 'Message was saved before');
    return { saved: result.saved.length, duplicates: result.duplicates.length };
  });

  app.setErrorHandler<Error & { statusCode?: number }>((error, _request, response) => {
    const status = error.statusCode ?? 503;
    if (status >= 500) log.error({ error }, 'Messages could not be saved; the gateway tries again');
    return response.code(status).send({ error: status < 500 ? error.message : 'not saved' });
  });
  return app;
}
