import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyPluginAsync } from 'fastify';
import { migrate } from '../../platform/database/migrate';
import type { Pool } from '../../platform/database/postgres';
import type { Logger } from '../../platform/log';
import { createChat } from './chat';
import { chatApi } from './chat-api';
import { Conversations } from './conversations';
import { startDelivery } from './delivery';
import { Faults } from './faults';
import { createChatFeed } from './feed';
import { createFigures } from './figures';
import { Rate } from './rate';
import { sendApi } from './send-api';
import { WebhookCalls } from './webhook-calls';

export interface MessengerDeps {
  /** Control database; schema `messenger` is made and migrated here. */
  readonly pool: Pool;
  readonly environments: readonly string[];
  /** Values of the environment's secrets. */
  readonly appSecret: (environment: string) => string;
  readonly pageToken: (environment: string) => string;
  /** Address of the gateway's webhook, through the edge. */
  readonly webhookUrl: (environment: string) => string;
  /** Above that the Send API answers 613. Default 250, Facebook's own. */
  readonly callsPerSecond?: number;
  /** Ends the streams of open pages, which would keep a server from closing. */
  readonly stopping: AbortSignal;
  readonly log: Logger;
}

/** Answered to browsers: nothing from elsewhere runs on the page, and no other page frames it. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; frame-ancestors 'self'; base-uri 'none'";
const files = {
  'messenger.html': 'text/html; charset=utf-8',
  'messenger.css': 'text/css; charset=utf-8',
  'messenger.mjs': 'text/javascript; charset=utf-8',
  'bubbles.mjs': 'text/javascript; charset=utf-8',
} as const;

/**
 * The local Messenger: a page per environment where a person chats as a student, Facebook's side of the webhook and of
 * the Send API. Register it with a prefix (`/messenger`); it keeps running until the instance is closed.
 */
export function messengerRoutes(deps: MessengerDeps): FastifyPluginAsync {
  return async (app) => {
    await migrate(deps.pool, join(__dirname, 'migrations'), 'messenger');
    const conversations = new Conversations(deps.pool);
    const [feed, faults, figures] = [createChatFeed(), new Faults(), createFigures()];
    const { webhookUrl, appSecret, pageToken, log } = deps;
    const delivery = await startDelivery({
      calls: new WebhookCalls(deps.pool),
      webhookUrl,
      appSecret,
      figures,
      settled: (environment, student, id, state) => feed.publish(environment, { type: 'state', student, id, state }),
      log,
    });
    app.addHook('onClose', () => delivery.stop());
    const chat = createChat(conversations, feed, delivery);

    app.addHook('onRequest', async (request, response) => {
      const { env } = request.params as { env?: string };
      if (env !== undefined && !deps.environments.includes(env))
        return response.code(404).send({ error: `There is no environment ${env}.` });
    });
    for (const [name, type] of Object.entries(files)) {
      const content = readFileSync(join(__dirname, 'page', name));
      const path = name === 'messenger.html' ? '/:env' : `/assets/${name}`;
      app.get(path, async (_request, response) => {
        response.headers({
          'content-security-policy': policy,
          'x-content-type-options': 'nosniff',
          'cache-control': 'no-cache',
        });
        return response.type(type).send(content);
      });
    }
    chatApi(app, { chat, conversations, feed, faults, figures, stopping: deps.stopping });
    sendApi(app, { chat, conversations, feed, faults, rate: new Rate(deps.callsPerSecond ?? 250), pageToken });
  };
}
