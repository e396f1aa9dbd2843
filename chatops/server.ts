import Fastify, { type FastifyPluginAsync } from 'fastify';
import { type Catalog, secretNames } from '../platform/catalog';
import type { Pool } from '../platform/database/postgres';
import type { Edge } from '../platform/edge/edge';
import type { Fleet } from '../platform/fleet/fleet';
import type { Logger } from '../platform/log';
import type { RequestHandler } from '../platform/program';
import type { Secrets } from '../platform/secrets';
import type { TelemetryStore } from '../platform/telemetry/telemetry';
import { commandRoutes } from './cli/routes';
import { consoleRoutes } from './console/console';
import { createGuard, type Guard } from './console/guard';
import type { Dispatcher } from './dispatch';
import { messengerRoutes } from './messenger/routes';
import type { Workspace } from './workspace/workspace';

export interface ServerDeps {
  readonly fleet: Fleet;
  readonly telemetry: TelemetryStore;
  readonly dispatcher: Dispatcher;
  /** Undefined when the app talks to Slack. */
  readonly workspace: Workspace | undefined;
  /** Where Slack calls, for signed HTTP. */
  readonly chatRoutes: FastifyPluginAsync | undefined;
  readonly catalog: () => Catalog;
  readonly secrets: Secrets;
  readonly edge: Edge;
  readonly pool: Pool;
  readonly publicUrl: string;
  /** Of the page; without it the page is open to whoever reaches it. */
  readonly pageKey: string | undefined;
  /** Of the command line. */
  readonly token: string;
  readonly stopping: AbortSignal;
  readonly log: Logger;
}

/** Everything chatops serves on its one port: page, command line, local workspace, local Messenger, Slack's calls. */
export async function createServer(deps: ServerDeps): Promise<{ handle: RequestHandler; close(): Promise<void> }> {
  const app = Fastify({ bodyLimit: 1024 * 1024, forceCloseConnections: 'idle' });
  const guard = createGuard(() => deps.publicUrl, deps.pageKey);
  await app.register(
    consoleRoutes({
      fleet: deps.fleet,
      telemetry: deps.telemetry,
      workspace: deps.workspace,
      log: deps.log,
      guard,
      hasMessenger: speaksMessenger(deps.catalog()),
      complete: (text, user) => deps.dispatcher.complete(text, pagePerson(user)),
    }),
  );
  await app.register(commandRoutes(deps), { prefix: '/api' });
  if (deps.workspace) await app.register(deps.workspace.routes, { prefix: '/slack' });
  if (deps.chatRoutes) await app.register(deps.chatRoutes);
  if (speaksMessenger(deps.catalog())) await app.register(messenger(deps, guard), { prefix: '/messenger' });
  await app.ready();
  return { handle: (request, response) => app.routing(request, response), close: () => app.close() };
}

/** A person of the local workspace, as the page names them for completion. */
function pagePerson(user: string): { id: string; name: string; door: 'slack'; standing: 'member' } {
  return { id: `slack:${user}`, name: user, door: 'slack', standing: 'member' };
}

/** The local Messenger is there for products that take Messenger's webhooks. */
function speaksMessenger(catalog: Catalog): boolean {
  return Object.values(catalog.services).some((entry) => secretNames(entry).required.includes('MESSENGER_APP_SECRET'));
}

function messenger({ catalog, secrets, edge, pool, stopping, log }: ServerDeps, guard: Guard): FastifyPluginAsync {
  const secret = (name: string) => (environment: string) => secrets.values(environment, [name])[name] as string;
  const routes = messengerRoutes({
    pool,
    environments: catalog().environments,
    appSecret: secret('MESSENGER_APP_SECRET'),
    pageToken: secret('MESSENGER_PAGE_TOKEN'),
    webhookUrl: (environment) => `${edge.url({ environment, service: 'gateway' })}/webhook`,
    stopping,
    log,
  });
  return async (app) => {
    app.addHook('onRequest', async (request, reply) => {
      // The Send API is called by instances, wherever they run, with the token of their environment.
      if (/^\/messenger\/[^/]+\/(v\d+\.\d+\/)?me\//.test(request.url)) return;
      const refusal = guard.refusal({ method: 'GET', headers: request.headers });
      if (refusal !== undefined) return reply.code(403).send({ error: refusal });
    });
    await app.register(routes);
  };
}
