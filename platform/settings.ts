import { z } from 'zod';

/**
 * Every setting of every program, by section. Names are the environment variables themselves, which platform/config.ts
 * reads; docs/configuration.md and .env.example are generated from here.
 */
const url = z.url();
const port = z.coerce.number().int().min(0).max(65535);
const address = (description: string) => z.string().min(1).meta({ description });
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
  up: z
    .object({
      EDWIN_LISTEN: z.string().default('127.0.0.1').meta({ description: 'Address on which Edwin’s programs listen' }),
      EDWIN_ADDRESS: z.string().optional().meta({
        description:
          'Address under which instances on other hosts reach Edwin’s programs; default: 127.0.0.1, or where they listen',
      }),
      POSTGRES_URL: secret(
        'Administrator’s address of a PostgreSQL, where every database is made; default: an embedded one',
      ).optional(),
      TELEMETRY_URL: secret('Telemetry store (`elasticsearch+https://…`); default: PostgreSQL').optional(),
      HOSTS_URL: address(
        'Hosts: `docker:FILE` with a list of engines, `unix:///var/run/docker.sock`, `tcp://…`, `ssh://…`; default: this machine’s processes',
      ).optional(),
      IMAGES_URL: secret(
        'Registry of images, `registry+https://user:password@host/path`; default: builds in folders of this machine',
      ).optional(),
      IMAGES_BUILDER_URL: address(
        'Docker engine that builds images, in the form of HOSTS_URL; default: the first host that answers',
      ).optional(),
      IMAGES_LOGIN_COMMAND: address(
        'Shell command that prints the registry’s password, for passwords that expire (`aws ecr get-login-password`)',
      ).optional(),
      EDGE_URL: url.optional().meta({ description: 'Address of an HAProxy for traffic; default: an edge of ours' }),
      EDGE_ADMIN_URL: z.string().optional().meta({
        description:
          'Its control address, `haproxy+unix:///run/edge/master.sock?config=/run/edge/pools`; goes with EDGE_URL',
      }),
      OBSERVABILITY_URL: url
        .optional()
        .meta({ description: 'Address of observability where it runs elsewhere; default: started here' }),
    })
    .refine((set) => (set.EDGE_URL === undefined) === (set.EDGE_ADMIN_URL === undefined), {
      path: ['EDGE_ADMIN_URL'],
      message: 'EDGE_URL and EDGE_ADMIN_URL go together',
    })
    .meta({ description: 'Where `edwin up` finds real systems; each is embedded until its address is set.' }),
  environment: z
    .object({
      DATABASE_URL: secret(
        'PostgreSQL of the environment; default: made in POSTGRES_URL or the embedded one',
      ).optional(),
      QUEUE_URL: secret('RabbitMQ, `amqps://user:password@host/virtual-host`; default: its database').optional(),
      REGISTRY_URL: secret('Consul, `consul+https://:token@host:8500/datacenter`; default: its database').optional(),
      GRAPH_URL: secret('Neo4j, `neo4j+s://user:password@host`; default: its database').optional(),
    })
    .meta({
      description:
        'Read by `edwin up` for each environment, with the environment’s name before it: `STAGE_QUEUE_URL`. An environment’s addresses and credentials go to its own instances and to nobody else’s.',
    }),
  database: z.object({ DATABASE_URL: secret('PostgreSQL of this environment or program') }),
  queue: z.object({ QUEUE_URL: secret('Queue of this environment; `postgres://…` is the embedded adapter') }),
  graph: z.object({ GRAPH_URL: secret('Graph of this environment; `postgres://…` is the embedded adapter') }),
  chatops: z.object({
    EDWIN_DATA: z.string().meta({ description: 'Data folder' }),
    EDWIN_CATALOG: z.string().meta({ description: 'Path of edwin.yaml' }),
    EDWIN_TOKEN: secret('Token of the command line, made at first start'),
    PAGE_KEY: secret('Key of the page, where it listens beyond this machine: without it no session begins').optional(),
    EDWIN_ENVIRONMENTS: secret('JSON object: environment → {database, queue, graph, registry, otlp: URL and token}'),
    EDWIN_FILL_FIRST: z
      .enum(['yes', 'no'])
      .default('yes')
      .meta({ description: 'Build and deploy to the first environment what does not serve there yet, at start' }),
    OTEL_EXPORTER_OTLP_ENDPOINT: url.optional().meta({ description: 'Where instances send traces and logs' }),
    HOSTS_URL: address('Hosts that run instances').default('local:'),
    IMAGES_URL: secret('Where images are built and kept').default('local:'),
    IMAGES_BUILDER_URL: address('Docker engine that builds images').optional(),
    IMAGES_LOGIN_COMMAND: address('Shell command that prints the registry’s password').optional(),
    TELEMETRY_URL: secret('Telemetry store to read from'),
    EDGE_URL: url.meta({ description: 'Address of the edge' }),
    EDGE_ADMIN_URL: z.string().min(1).meta({ description: 'Where the edge is told what to do' }),
    EDGE_TOKEN: secret('Token of the edge’s control address'),
    INSTANCES_URL: url
      .optional()
      .meta({ description: 'Address of this program as instances on other hosts reach it; default: PUBLIC_URL' }),
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
