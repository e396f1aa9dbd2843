import { join } from 'node:path';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { EdwinError, explain } from '../../platform/errors';
import type { Fleet } from '../../platform/fleet/fleet';
import type { Logger } from '../../platform/log';
import type { TelemetryStore } from '../../platform/telemetry/telemetry';
import type { Suggestion } from '../command';
import type { Workspace } from '../workspace/workspace';
import { type Asset, readAssets } from './assets';
import { createBoardFeed } from './board';
import { evidenceRoutes, OWN_ENVIRONMENT } from './evidence';
import { type Guard, SESSION_COOKIE } from './guard';
import { createStream } from './stream';

export interface ConsoleDeps {
  readonly fleet: Fleet;
  readonly telemetry: TelemetryStore;
  /** Undefined when the app talks to Slack: then the page is the board alone. */
  readonly workspace: Workspace | undefined;
  /** Whole commands that could stand there, for a user id of the workspace. */
  complete(text: string, user: string): Promise<readonly Suggestion[]>;
  /** False for a product that has no local Messenger; then the page has no links to it. */
  readonly hasMessenger?: boolean;
  readonly guard: Guard;
  readonly log: Logger;
}

const unreachable = /\.(unreachable|refused|full)$/;
const unknown = /^fleet\.unknown-/;

/** The page at `/`, its API under `/api`, and one stream for the board and the workspace together. */
export function consoleRoutes(deps: ConsoleDeps): FastifyPluginAsync {
  return async (fastify) => {
    const { guard } = deps;
    const assets = readAssets(join(__dirname, 'page'));
    const stream = createStream((present) => (present ? board.start() : board.stop()));
    const board = createBoardFeed(deps.fleet, deps.log, (cells) => stream.publish('board', { cells }));
    const said = deps.workspace?.feed.subscribe((event) => stream.publish(event.type, event.data, event.to));
    // Streams never end by themselves, and the server waits for every request before it closes.
    fastify.addHook('preClose', async () => {
      said?.stop();
      board.stop();
      stream.close();
    });
    fastify.addHook('onRequest', async (request, reply) => {
      const { key } = request.query as { key?: unknown };
      const admitted = typeof key === 'string' && request.method === 'GET' ? guard.admit(key) : undefined;
      // Away from an address that holds the key, so that it is not kept in the browser's history.
      if (admitted !== undefined) return reply.header('set-cookie', cookieFor(admitted)).redirect('/', 303);
      const refusal = guard.refusal(request);
      if (refusal !== undefined) return reply.code(403).send({ error: 'refused', message: refusal });
      void reply.headers({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'same-origin',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      });
    });
    fastify.setErrorHandler((error, request, reply) => answerError(deps.log, error, request, reply));

    fastify.get('/', async (request, reply) => {
      const { id, isNew } = guard.session(request.headers);
      if (isNew) void reply.header('set-cookie', cookieFor(id));
      void reply.headers({ 'content-security-policy': assets.policy, 'cache-control': 'no-cache' });
      return sendAsset(request, reply, assets.index);
    });
    for (const prefix of ['/page/*', '/modules/*']) {
      fastify.get(prefix, async (request, reply) => {
        const asset = assets.files.get(request.url.split('?')[0] ?? '');
        if (asset === undefined) return reply.code(404).send({ error: 'not-found', message: 'There is no such file.' });
        void reply.header('cache-control', 'public, max-age=31536000, immutable');
        return sendAsset(request, reply, asset);
      });
    }
    fastify.register(
      async (api) => {
        api.addHook('onSend', async (_request, reply) => void reply.header('cache-control', 'no-store'));
        api.get('/bootstrap', async (request) => ({
          proof: guard.proof(guard.session(request.headers).id),
          environments: deps.fleet.environments,
          services: deps.fleet.services,
          ownEnvironment: OWN_ENVIRONMENT,
          workspace: deps.workspace !== undefined,
          messenger: deps.hasMessenger ?? true,
        }));
        api.get('/board', async () => ({ cells: await board.read() }));
        api.get('/complete', async (request) => {
          const { text, user } = z
            .object({ text: z.string().max(1000), user: z.string().max(64).default('') })
            .parse(request.query);
          return { suggestions: (await deps.complete(text, user)).slice(0, 8) };
        });
        api.get('/stream', (request, reply) => {
          const { user, last } = z
            .object({ user: z.string().max(64).default(''), last: z.string().max(64).optional() })
            .parse(request.query);
          const seen = request.headers['last-event-id'];
          reply.hijack();
          if (!stream.connect(reply.raw, user, typeof seen === 'string' ? seen : last))
            reply.raw.writeHead(503, { 'retry-after': '5' }).end();
        });
        api.register(evidenceRoutes(deps.fleet, deps.telemetry));
        if (deps.workspace !== undefined) api.register(deps.workspace.browser, { prefix: '/workspace' });
      },
      { prefix: '/api' },
    );
  };
}

function cookieFor(session: string): string {
  return `${SESSION_COOKIE}=${session}; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000`;
}

function sendAsset(request: FastifyRequest, reply: FastifyReply, asset: Asset): unknown {
  void reply.headers({ etag: asset.etag, vary: 'accept-encoding' }).type(asset.type);
  if (request.headers['if-none-match'] === asset.etag) return reply.code(304).send();
  const packed = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  return packed ? reply.header('content-encoding', 'gzip').send(asset.gzip) : reply.send(asset.body);
}

function answerError(log: Logger, error: unknown, request: FastifyRequest, reply: FastifyReply): unknown {
  if (error instanceof z.ZodError) return reply.code(400).send({ error: 'invalid', message: z.prettifyError(error) });
  if (error instanceof EdwinError) {
    const status = unreachable.test(error.code) ? 503 : unknown.test(error.code) ? 404 : 409;
    return reply.code(status).send({ error: error.code, message: explain(error) });
  }
  const status = (error as { statusCode?: number }).statusCode ?? 500;
  if (status < 500) return reply.code(status).send({ error: 'invalid', message: (error as Error).message });
  log.error({ error, route: request.routeOptions.url }, 'A request of the page failed');
  return reply.code(500).send({ error: 'internal', message: explain(error) });
}
