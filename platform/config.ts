import { z } from 'zod';
import { EdwinError } from './errors';

/**
 * Every setting of every program, by section. Names are the environment variables themselves. Only this file reads
 * `process.env`; docs/configuration.md and .env.example are generated from it.
 */
const url = z.url();
const port = z.coerce.number().int().min(0).max(65535);
const secret = (description: string) => z.string().min(1).meta({ description, secret: true });

export const sections = {
  program: z.object({
    EDWIN_ENVIRONMENT: z
      .string()
      .default('edwin')
      .meta({ description: 'Environment this process belongs to; `edwin` for the platform itself' }),
    EDWIN_SERVICE: z.string().default('edwin').meta({ description: 'Service name, in logs, metrics and traces' }),
    EDWIN_RELEASE: z.string().default('0').meta({ description: 'Release number of the service' }),
    EDWIN_INSTANCE: z.string().default('local').meta({ description: 'Id of this instance' }),
    HOST: z.string().default('127.0.0.1').meta({ description: 'Address to listen on' }),
    PORT: port.default(0).meta({ description: 'Port to listen on; 0 takes a free one' }),
    LOG_LEVEL: z
      .enum(['debug', 'info', 'warn', 'error', 'silent'])
      .default('info')
      .meta({ description: 'Lowest level that is logged' }),
  }),
  database: z.object({ DATABASE_URL: secret('PostgreSQL of this environment or program') }),
  queue: z.object({ QUEUE_URL: secret('Queue of this environment; `postgres://…` is the embedded adapter') }),
  graph: z.object({ GRAPH_URL: secret('Graph of this environment; `postgres://…` is the embedded adapter') }),
  chatops: z.object({
    EDWIN_DATA: z.string().meta({ description: 'Data folder' }),
    EDWIN_CATALOG: z.string().meta({ description: 'Path of edwin.yaml' }),
    EDWIN_TOKEN: secret('Token of the command line, made at first start'),
    EDWIN_ENVIRONMENTS: secret('JSON object: environment → {database, queue, graph, registry, otlp: URL and token}'),
    EDWIN_FILL_FIRST: z
      .enum(['yes', 'no'])
      .default('yes')
      .meta({ description: 'Build and deploy to the first environment what does not serve there yet, at start' }),
    OTEL_EXPORTER_OTLP_ENDPOINT: url.optional().meta({ description: 'Where instances send traces and logs' }),
    TELEMETRY_URL: secret('Telemetry store to read from'),
    EDGE_URL: url.meta({ description: 'Address of the edge' }),
    EDGE_ADMIN_URL: url.meta({ description: 'Where the edge is told what to do' }),
    EDGE_TOKEN: secret('Token of the edge’s control address'),
    PUBLIC_URL: url
      .optional()
      .meta({ description: 'Address of the page as people reach it; default: where it listens' }),
    SLACK_BOT_TOKEN: secret(
      'Bot token of a Slack app (xoxb-…); with SLACK_APP_TOKEN it switches from the local workspace to Slack',
    ).optional(),
    SLACK_APP_TOKEN: secret('App-level token (xapp-…) for Socket Mode').optional(),
    SLACK_SIGNING_SECRET: secret('Signing secret; with it Slack may call over HTTP instead of Socket Mode').optional(),
    SLACK_API_URL: url
      .optional()
      .meta({ description: 'Web API to call, with trailing slash; default: Slack, or the local workspace' }),
    SLACK_COMMAND_PREFIX: z
      .string()
      .regex(/^[a-z0-9-]{0,20}$/)
      .default('')
      .meta({ description: 'Put before the short command names' }),
    SLACK_CHANNEL: z
      .string()
      .default('deploys')
      .meta({ description: 'Channel for messages of operations asked for elsewhere' }),
    CHAT_ROLES: z.string().default('').meta({
      description: 'Who has which role: `operator=U1 engineer=U2,cli:alice viewer=*`; others are engineers',
    }),
    SLACK_LATENCY: z
      .enum(['off', 'on', 'slack'])
      .default('off')
      .meta({ description: 'Local workspace: rate limits off, on, or as bad as Slack (refreshes, latency)' }),
  }),
  otel: z.object({
    OTEL_EXPORTER_OTLP_ENDPOINT: url
      .optional()
      .meta({ description: 'Where spans and logs are sent (OTLP/HTTP JSON); without it no telemetry is made' }),
    OTEL_EXPORTER_OTLP_HEADERS: secret('Headers of it, `authorization=Bearer <token of the environment>`').optional(),
    OTEL_SERVICE_NAME: z.string().optional().meta({ description: 'Service name in spans and logs' }),
    OTEL_RESOURCE_ATTRIBUTES: z.string().optional().meta({
      description: 'More of it: service.version, service.instance.id, deployment.environment.name, host.name',
    }),
    OTEL_NODE_DISABLED_INSTRUMENTATIONS: z.string().default('').meta({
      description: 'What is not traced, of `http,undici,pg,pino`: the edge passes trace headers on untouched',
    }),
    OTEL_SDK_DISABLED: z.string().optional().meta({ description: '`true` switches telemetry off' }),
  }),
  observability: z.object({
    TELEMETRY_URL: secret('Telemetry store to write to'),
    OTLP_TOKENS: secret('JSON object: bearer token → environment'),
    TELEMETRY_DAYS: z.coerce.number().min(1).max(3650).default(7).meta({ description: 'Days that telemetry is kept' }),
  }),
  edge: z.object({
    EDGE_PORT: port.default(0).meta({ description: 'Port for traffic' }),
    EDGE_ADMIN_PORT: port.default(0).meta({ description: 'Port for control' }),
    EDGE_TOKEN: secret('Token of the control address'),
    EDGE_STATE: z.string().meta({ description: 'File that keeps the pools' }),
  }),
  gateway: z.object({
    MESSENGER_API_URL: url.default('https://graph.facebook.com/v23.0').meta({ description: 'Base of the Graph API' }),
    MESSENGER_APP_SECRET: secret('Signs webhook calls'),
    MESSENGER_VERIFY_TOKEN: secret('Echoed when the webhook is subscribed'),
    MESSENGER_PAGE_TOKEN: secret('Page access token for the Send API'),
    MAILER_URL: url.meta({ description: 'Address of the mailer' }),
    MAILER_TOKEN: secret('Shared with the mailer'),
    SEND_CONCURRENCY: z.coerce
      .number()
      .int()
      .min(1)
      .max(200)
      .default(20)
      .meta({ description: 'Students served at once' }),
  }),
  mailer: z.object({ MAILER_TOKEN: secret('Shared with the gateway') }),
  bot: z.object({
    BOT_CONCURRENCY: z.coerce
      .number()
      .int()
      .min(1)
      .max(200)
      .default(10)
      .meta({ description: 'Messages handled at once' }),
    PLACEMENT_ITEMS: z.coerce
      .number()
      .int()
      .min(3)
      .max(30)
      .default(8)
      .meta({ description: 'Most items of a placement' }),
  }),
  scheduler: z.object({
    REMINDER_AFTER_HOURS: z.coerce
      .number()
      .min(1)
      .max(23)
      .default(20)
      .meta({ description: 'Silence after which a student is reminded; below 24, Messenger’s window' }),
    QUIET_FROM: z
      .string()
      .regex(/^([01]\d|2[0-3]):[0-5]\d$/)
      .default('21:00')
      .meta({ description: 'Start of quiet hours in the student’s time zone' }),
    QUIET_TO: z
      .string()
      .regex(/^([01]\d|2[0-3]):[0-5]\d$/)
      .default('08:00')
      .meta({ description: 'End of quiet hours' }),
    SESSION_MINUTES: z.coerce
      .number()
      .min(1)
      .max(1440)
      .default(30)
      .meta({ description: 'Silence that ends a session' }),
    DEFAULT_TIME_ZONE: z.string().default('UTC').meta({ description: 'For students whose time zone is not known' }),
    TICK: z.string().default('*/5 * * * * *').meta({ description: 'Cron pattern of the tick' }),
  }),
  analytics: z.object({
    GA4_ENDPOINT: url
      .default('https://www.google-analytics.com/mp/collect')
      .meta({ description: 'Measurement Protocol address' }),
    GA4_MEASUREMENT_ID: z
      .string()
      .optional()
      .meta({ description: 'Measurement id (G-…); without it nothing is uploaded' }),
    GA4_API_SECRET: secret('API secret of the Measurement Protocol').optional(),
    AGGREGATE_TICK: z.string().default('0 * * * * *').meta({ description: 'Cron pattern of the daily aggregates' }),
    UPLOAD_TICK: z
      .string()
      .default('*/15 * * * * *')
      .meta({ description: 'Cron pattern of the upload to Google Analytics' }),
  }),
} as const;

export type SectionName = keyof typeof sections;
type Section<S extends SectionName> = { [K in SectionName]: z.infer<(typeof sections)[K]> }[S];
/** Settings of the named sections; those of `program` always belong to them. */
export type Config<S extends SectionName> = Section<'program'> & UnionToIntersection<Section<S>>;
type UnionToIntersection<U> = (U extends unknown ? (value: U) => void : never) extends (value: infer I) => void
  ? I
  : never;

/**
 * Reads the named sections; `program` always belongs to them.
 * @throws `config.invalid` with every problem at once; values of secrets are never shown.
 */
export function readConfig<S extends SectionName>(
  names: readonly S[],
  env: NodeJS.ProcessEnv = process.env,
): Config<S> {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const problems: string[] = [];
  const result: Record<string, unknown> = {};
  for (const name of new Set<SectionName>(['program', ...names])) {
    const parsed = sections[name].safeParse(set);
    if (parsed.success) Object.assign(result, parsed.data);
    else for (const issue of parsed.error.issues) problems.push(problem(issue.path.join('.'), issue.message, set));
  }
  if (problems.length > 0)
    throw new EdwinError('config.invalid', `Settings are wrong: ${[...new Set(problems)].join('; ')}.`);
  return result as Config<S>;
}

function problem(name: string, message: string, set: NodeJS.ProcessEnv): string {
  return set[name] === undefined ? `${name} is required` : `${name}: ${message}`;
}

/** The environment as it is, for what is passed on to programs. */
export function processEnvironment(): NodeJS.ProcessEnv {
  return process.env;
}

/** What `${NAME}` in the catalog may speak of: everything but the platform's own settings, which hold its secrets. */
export function outerEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const own = ['program', 'database', 'queue', 'graph', 'chatops', 'otel', 'observability', 'edge'] as const;
  const hidden = new Set(own.flatMap((name) => Object.keys(sections[name].shape)));
  return Object.fromEntries(Object.entries(env).filter(([name]) => !hidden.has(name)));
}

/**
 * What a build may see of Edwin's own environment: where tools and registries are, and nothing that is secret to
 * Edwin.
 */
export function toolEnvironment(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const wanted =
    /^(PATH|HOME|USER|LOGNAME|LANG|LC_ALL|TZ|TMPDIR|(https?|no|all)_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR)|npm_config_.*)$/i;
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value !== undefined && wanted.test(name) ? [[name, value]] : [])),
  );
}
