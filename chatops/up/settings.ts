import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Catalog } from '../../platform/catalog';
import { secretNames } from '../../platform/catalog';
import { type Config, outerEnvironment, readEnvironmentSettings } from '../../platform/config';
import type { Databases } from '../../platform/database/environments';
import type { Secrets } from '../../platform/secrets';
import type { InternalPorts } from './data-folder';
import type { UpOptions } from './options';
import type { ProgramSpec } from './supervise';

/** The platform's own secrets are kept like an environment's, under this name. */
const PLATFORM = 'edwin';

/** Value of a secret of the platform, made at first use. */
export function platformSecret(secrets: Secrets, name: string, make = randomPassword): string {
  if (secrets.versions(PLATFORM)[name] === undefined) secrets.set(PLATFORM, name, make());
  return secrets.values(PLATFORM, [name])[name] as string;
}

/** Hexadecimal, since tools that servers are set up with take a word that begins with a dash for an option. */
const randomPassword = (): string => randomBytes(24).toString('hex');

/**
 * Gives every required secret of the catalog a value where it has none: the one in Edwin's own environment
 * (`STAGE_NAME`, then `NAME`), else a random one, which is right for everything that talks to the local stand-ins.
 */
export function fillSecrets(catalog: Catalog, secrets: Secrets, given: NodeJS.ProcessEnv): void {
  for (const environment of catalog.environments) {
    const known = secrets.versions(environment);
    const services = Object.values(catalog.services).map(secretNames);
    const required = new Set(services.flatMap((names) => names.required));
    const optional = new Set(services.flatMap((names) => names.optional));
    for (const name of new Set([...required, ...optional])) {
      const value = given[`${environment.toUpperCase().replaceAll('-', '_')}_${name}`] ?? given[name];
      if (value) secrets.set(environment, name, value);
      else if (required.has(name) && known[name] === undefined) secrets.set(environment, name, randomPassword());
    }
  }
}

/** What programs are made from. */
export interface ProgramSettings {
  readonly options: UpOptions;
  readonly config: Config<'up'>;
  readonly catalog: Catalog;
  readonly secrets: Secrets;
  readonly ports: InternalPorts;
  readonly urls: Databases;
  /** Edwin's own environment. */
  readonly given: NodeJS.ProcessEnv;
}

/**
 * What each program is started with. Only what it needs: no program sees another's secrets. The edge is left out where
 * an HAProxy does its work.
 */
export function programSpecs({ options, config, catalog, secrets, ports, urls, given }: ProgramSettings): {
  edge: ProgramSpec | undefined;
  observability: ProgramSpec;
  chatops: ProgramSpec;
} {
  const here = reachable(config);
  const at = (host: string, port: number) => `http://${host}:${port}`;
  // Started alone, it listens on the port by which the others find it.
  const named = Number(new URL(config.OBSERVABILITY_URL ?? 'http://none').port);
  const observabilityPort = options.only === 'observability' && named > 0 ? named : ports.observability;
  const otlpUrl = config.OBSERVABILITY_URL ?? at(here.address, ports.observability);
  const otlpToken = (environment: string) => platformSecret(secrets, `OTLP_TOKEN_${environment}`);
  const program = (name: string, port: number, env: Record<string, string>): ProgramSpec => ({
    name,
    script: join(__dirname, '..', '..', ...entryOf[name as keyof typeof entryOf]),
    healthUrl: `${at(here.probe, port)}/healthz`,
    env: {
      ...passedOn(given),
      EDWIN_SERVICE: name,
      EDWIN_INSTANCE: name,
      HOST: here.listen,
      PORT: String(port),
      OTEL_SERVICE_NAME: name,
      OTEL_EXPORTER_OTLP_ENDPOINT: otlpUrl,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer ${otlpToken(PLATFORM)}`,
      ...env,
    },
  });
  const environments = Object.fromEntries(
    Object.entries(urls.environments).map(([name, made]) => {
      const own = readEnvironmentSettings(name, given);
      const database = own.DATABASE_URL ?? made;
      const { QUEUE_URL: queue = database, GRAPH_URL: graph = database, REGISTRY_URL: registry = database } = own;
      return [name, { database, queue, graph, registry, otlp: otlpToken(name) }];
    }),
  );
  const otlpTokens = Object.fromEntries([PLATFORM, ...catalog.environments].map((name) => [otlpToken(name), name]));
  const edgeToken = platformSecret(secrets, 'EDGE_TOKEN');
  const telemetry = config.TELEMETRY_URL ?? urls.telemetry;
  const edge = program('edge', ports.edgeOps, {
    // Requests belong to the services' environments: their trace passes through, it is not recorded here.
    OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'http,undici',
    EDGE_PORT: String(ports.edge),
    EDGE_ADMIN_PORT: String(ports.edgeAdmin),
    EDGE_TOKEN: edgeToken,
    EDGE_STATE: join(options.data, 'edge.json'),
  });
  return {
    edge: config.EDGE_ADMIN_URL === undefined ? edge : undefined,
    observability: program('observability', observabilityPort, {
      TELEMETRY_URL: telemetry,
      OTLP_TOKENS: JSON.stringify(otlpTokens),
    }),
    chatops: program('chatops', options.port, {
      ...chatSettings(given),
      EDWIN_DATA: options.data,
      EDWIN_CATALOG: options.catalog,
      EDWIN_TOKEN: platformSecret(secrets, 'EDWIN_TOKEN'),
      EDWIN_ENVIRONMENTS: JSON.stringify(environments),
      EDWIN_FILL_FIRST: options.fill ? 'yes' : 'no',
      DATABASE_URL: urls.control,
      TELEMETRY_URL: telemetry,
      HOSTS_URL: config.HOSTS_URL ?? 'local:',
      IMAGES_URL: config.IMAGES_URL ?? 'local:',
      ...(config.IMAGES_BUILDER_URL !== undefined && { IMAGES_BUILDER_URL: config.IMAGES_BUILDER_URL }),
      ...(config.IMAGES_LOGIN_COMMAND !== undefined && { IMAGES_LOGIN_COMMAND: config.IMAGES_LOGIN_COMMAND }),
      EDGE_URL: config.EDGE_URL ?? at(here.address, ports.edge),
      EDGE_ADMIN_URL: config.EDGE_ADMIN_URL ?? at(here.probe, ports.edgeAdmin),
      EDGE_TOKEN: edgeToken,
      ...(!here.alone && {
        PAGE_KEY: platformSecret(secrets, 'PAGE_KEY'),
        PUBLIC_URL: given['PUBLIC_URL'] ?? at(here.probe, options.port),
      }),
      ...(config.EDWIN_ADDRESS !== undefined && { INSTANCES_URL: at(here.address, options.port) }),
    }),
  };
}

const entryOf = {
  edge: ['platform', 'edge', 'main.js'],
  observability: ['observability', 'main.js'],
  chatops: ['chatops', 'main.js'],
} as const;

/**
 * Where programs listen, where this process finds them, and where instances on other hosts do; `alone`: nobody but
 * this machine reaches them.
 */
function reachable({ EDWIN_LISTEN: listen, EDWIN_ADDRESS }: Config<'up'>) {
  const everywhere = listen === '0.0.0.0' || listen === '::';
  const probe = everywhere ? '127.0.0.1' : listen;
  const alone = /^(127\.|::1$|localhost$)/.test(listen);
  return { listen, probe, address: EDWIN_ADDRESS ?? probe, alone };
}

/** Names that every program may see, whatever else is set where Edwin was started. */
function passedOn(given: NodeJS.ProcessEnv): Record<string, string> {
  return pick(given, (name) =>
    /^(PATH|HOME|USER|LANG|LC_.*|TZ|TMPDIR|LOG_LEVEL|NODE_EXTRA_CA_CERTS|NODE_OPTIONS)$/.test(name),
  );
}

/** Chat also gets its own settings, and those that `${NAME}` in the catalog may speak of. */
function chatSettings(given: NodeJS.ProcessEnv): Record<string, string> {
  const spoken = outerEnvironment(given);
  return pick(
    given,
    (name) =>
      /^(PUBLIC_URL|SLACK_\w+|CHAT_ROLES)$/.test(name) ||
      (name in spoken && !/^(EDWIN_|OTEL_|npm_(?!config_)|EDGE_)/.test(name)),
  );
}

function pick(given: NodeJS.ProcessEnv, wanted: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(
    Object.entries(given).filter(([name, value]) => value !== undefined && wanted(name)),
  ) as Record<string, string>;
}
