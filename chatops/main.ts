import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { openCatalog } from '../platform/catalog-now';
import { outerEnvironment } from '../platform/config';
import { openPool } from '../platform/database/postgres';
import { openEdge } from '../platform/edge/open';
import { openFleet } from '../platform/fleet/open';
import type { EnvironmentParts } from '../platform/fleet/parts';
import { openHosts } from '../platform/hosts/open';
import { openImages } from '../platform/images/open';
import { runProgram } from '../platform/program';
import { openQueue } from '../platform/queue/open';
import { openRegistry } from '../platform/registry/open';
import { openSecrets } from '../platform/secrets';
import { openTelemetry } from '../platform/telemetry/open';
import { openAccess } from './access';
import { openDispatcher } from './dispatch';
import { connectionsOf, readEnvironments } from './environments';
import { fillFirst } from './fill-first';
import { environmentQueues } from './queues';
import { createServer } from './server';
import { openChat } from './slack/app';
import { chatConfig } from './slack/config';
import { openWorkspace } from './workspace/workspace';

/** Tokens between the app and the local workspace of the same process; Slack's own are in the configuration. */
const local = { botToken: 'xoxb-local-edwin', appToken: 'xapp-local-edwin' };

/** The controller: runs operations, answers in chat and on the command line, serves the page. */
runProgram('chatops', ['chatops', 'database'], async ({ config, log, stopping, onStop, addHealthCheck, serve }) => {
  const ownUrl = `http://${/^(0\.0\.0\.0|::)$/.test(config.HOST) ? '127.0.0.1' : config.HOST}:${config.PORT}`;
  const publicUrl = config.PUBLIC_URL ?? ownUrl;
  const outerEnv = outerEnvironment();
  const catalog = openCatalog(config.EDWIN_CATALOG, log);
  const access = readEnvironments(config.EDWIN_ENVIRONMENTS);
  const pool = openPool(config.DATABASE_URL, { max: 6 });
  onStop('database', () => pool.end());

  const hosts = await openHosts(config.HOSTS_URL, { data: config.EDWIN_DATA, log });
  onStop('hosts', () => hosts.close());
  const images = await openImages(config.IMAGES_URL, {
    data: config.EDWIN_DATA,
    log,
    hostsUrl: config.HOSTS_URL,
    builderUrl: config.IMAGES_BUILDER_URL,
    loginCommand: config.IMAGES_LOGIN_COMMAND,
  });
  onStop('images', () => images.close());
  const edge = await openEdge(config.EDGE_ADMIN_URL, { token: config.EDGE_TOKEN, trafficUrl: config.EDGE_URL });
  onStop('edge', () => edge.close());
  const telemetry = await openTelemetry(config.TELEMETRY_URL, { log });
  onStop('telemetry store', () => telemetry.close());
  const secrets = openSecrets(`${config.EDWIN_DATA}/secrets`);
  const environments = new Map<string, EnvironmentParts>();
  for (const [name, own] of access) {
    const registry = await openRegistry(own.registry, log);
    onStop(`registry of ${name}`, () => registry.close());
    environments.set(name, {
      registry,
      connections: (snapshot) => connectionsOf(own, snapshot, config.OTEL_EXPORTER_OTLP_ENDPOINT),
    });
  }
  const fleet = await openFleet({
    databaseUrl: config.DATABASE_URL,
    hosts,
    images,
    edge,
    environments,
    catalog,
    catalogPath: config.EDWIN_CATALOG,
    secrets,
    edwinUrl: config.INSTANCES_URL ?? publicUrl,
    outerEnv,
    holder: `chatops ${hostname()} ${process.pid} ${Date.now()}`,
    log,
  });
  onStop('fleet', () => fleet.close());

  const chatSettings = chatConfig(config, { apiUrl: `${ownUrl}/slack/api/`, ...local });
  const queues = environmentQueues(access, (url) => openQueue(url, log));
  onStop('queues', () => queues.close());
  const dispatcher = await openDispatcher({
    fleet,
    telemetry,
    queue: queues.of,
    pool,
    publicUrl,
    log,
    access: openAccess(config.CHAT_ROLES, 'engineer'),
    prefix: chatSettings.prefix,
  });
  const workspace = chatSettings.isLocal
    ? await openWorkspace({
        pool,
        tokens: { bot: local.botToken, app: local.appToken },
        latency: config.SLACK_LATENCY,
        url: () => publicUrl,
        log,
      })
    : undefined;
  onStop('workspace', () => workspace?.close());
  const chat = openChat({ dispatcher, fleet, config: chatSettings, publicUrl, log, pool });
  const server = await createServer({
    fleet,
    telemetry,
    dispatcher,
    workspace,
    chatRoutes: chat.routes,
    catalog,
    secrets,
    edge,
    pool,
    publicUrl,
    pageKey: config.PAGE_KEY,
    token: config.EDWIN_TOKEN,
    stopping,
    log,
  });
  let ready = false;
  addHealthCheck(() => (ready ? undefined : 'starting'));
  await serve(server.handle, (request, socket, head) => workspace?.handleUpgrade(request, socket, head) ?? false);
  onStop('page', () => server.close());

  await fleet.start(); // first: operations and instances do not wait for Slack
  await chat.start();
  onStop('chat', () => chat.close());
  ready = true;
  log.info({ catalog: dirname(config.EDWIN_CATALOG) }, `chatops is ready at ${publicUrl}`);
  if (config.EDWIN_FILL_FIRST === 'yes')
    fillFirst(fleet, log, stopping).catch((error: unknown) =>
      log.error({ error }, 'Filling the first environment failed'),
    );
});
