import { z } from 'zod';
import type { ReleaseSnapshot } from './fleet/fleet';

/** The catalog, `edwin.yaml`: environments in promotion order, and services. docs/catalog.md tells it to people. */
const word = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be a lower-case word of letters, digits and dashes');
const variable = z.string().regex(/^[A-Z][A-Z0-9_]{0,99}$/, 'must be an upper-case name like GREETING or API_URL');
const seconds = z.number().min(0).max(3600);
const settings = z.record(variable, z.union([z.string(), z.number(), z.boolean()]).transform(String));

const bounds = z
  .union([
    z
      .int()
      .min(0)
      .max(1000)
      .transform((wanted) => ({ wanted, min: Math.min(1, wanted), max: Math.max(10, wanted) })),
    z.strictObject({ wanted: z.int().min(0).max(1000), min: z.int().min(0).max(1000), max: z.int().min(0).max(1000) }),
  ])
  .refine(({ wanted, min, max }) => min <= wanted && wanted <= max, 'min ≤ wanted ≤ max must hold')
  .meta({ description: 'Wanted number of instances, or {wanted, min, max}' });

const build = z
  .strictObject({
    command: z.string().min(1).optional().meta({
      description: 'Shell command that fills $EDWIN_OUTPUT, run in a clean checkout of the commit; for local hosts',
    }),
    dockerfile: z.string().min(1).optional().meta({ description: 'Path of the Dockerfile; for Docker hosts' }),
    target: z.string().min(1).optional().meta({ description: 'Target of the Dockerfile' }),
    context: z.string().min(1).default('.').meta({ description: 'Folder of the repository in which the build runs' }),
  })
  .refine(
    ({ command, dockerfile }) => command !== undefined || dockerfile !== undefined,
    'needs a command or a dockerfile',
  );

const rollout = z.strictObject({
  healthSeconds: seconds.default(60).meta({ description: 'How long a new instance may take to become healthy' }),
  drainSeconds: seconds.default(30).meta({ description: 'How long an old instance may finish its requests' }),
  stopGraceSeconds: seconds.default(25).meta({ description: 'From SIGTERM to SIGKILL' }),
  holdSeconds: seconds.default(5).meta({ description: 'How long the edge holds a request while no instance is ready' }),
  retry: z
    .enum(['idempotent', 'all'])
    .default('idempotent')
    .meta({ description: '`all`: repeats are recognised by the service, so that the edge may send even a POST twice' }),
});

const service = z.strictObject({
  kind: z
    .enum(['http', 'worker'])
    .meta({ description: '`http` gets traffic from the edge; `worker` takes work by itself' }),
  build,
  run: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'Command line of an instance, run in the image; for local hosts' }),
  health: z
    .string()
    .startsWith('/')
    .optional()
    .meta({ description: 'Path that answers 200 when the instance is well' }),
  needs: z.array(word).default([]).meta({ description: '`database`, `queue`, `graph`, or another service' }),
  secrets: z
    .array(
      z.string().regex(/^[A-Z][A-Z0-9_]{0,99}\??$/, 'must be a name like API_KEY, or API_KEY? when it may be absent'),
    )
    .default([])
    .meta({ description: 'Names of secrets; a trailing ? means optional' }),
  config: settings.default({}).meta({ description: 'Settings for every environment' }),
  instances: bounds.prefault(1),
  resources: z
    .strictObject({
      memory: z.int().min(16).max(1_048_576).default(256),
      cpus: z.number().min(0.05).max(256).default(0.25),
    })
    .prefault({})
    .meta({ description: 'Memory in MiB and processors of one instance' }),
  rollout: rollout.prefault({}),
  environments: z
    .record(word, z.strictObject({ instances: bounds.optional(), config: settings.default({}) }))
    .default({})
    .meta({ description: 'What differs in one environment, on the same image' }),
});

export const catalogSchema = z.strictObject({
  product: word,
  environments: z.array(word).min(1).max(10).meta({ description: 'In promotion order: the first gets new builds' }),
  services: z
    .record(word, service)
    .refine((services) => Object.keys(services).length > 0, 'needs at least one service'),
});

export type Catalog = z.infer<typeof catalogSchema>;
export type CatalogService = Catalog['services'][string];

/** Bounds of a service in an environment, overrides applied. */
export function boundsOf(
  catalog: Catalog,
  name: string,
  environment: string,
): { wanted: number; min: number; max: number } {
  const entry = serviceOf(catalog, name);
  return entry.environments[environment]?.instances ?? entry.instances;
}

/** Names of secrets without their mark, split by whether they must be there. */
export function secretNames(entry: CatalogService): { required: string[]; optional: string[] } {
  const optional = entry.secrets.filter((name) => name.endsWith('?')).map((name) => name.slice(0, -1));
  return { required: entry.secrets.filter((name) => !name.endsWith('?')), optional };
}

/**
 * What a release keeps of the catalog.
 * @param versions secret name → version now in force, for each environment
 */
export function snapshotOf(
  catalog: Catalog,
  name: string,
  versions: Readonly<Record<string, Readonly<Record<string, number>>>>,
): ReleaseSnapshot {
  const entry = serviceOf(catalog, name);
  const { required, optional } = secretNames(entry);
  const secrets: Record<string, Record<string, number>> = {};
  for (const environment of catalog.environments) {
    const known = versions[environment] ?? {};
    const kept = [...required, ...optional].filter((secret) => known[secret] !== undefined);
    secrets[environment] = Object.fromEntries(kept.map((secret) => [secret, known[secret] as number]));
  }
  return {
    kind: entry.kind,
    run: entry.run,
    healthPath: entry.health,
    config: {
      common: entry.config,
      environments: Object.fromEntries(
        Object.entries(entry.environments).map(([environment, { config }]) => [environment, config]),
      ),
    },
    secrets,
    needs: entry.needs,
    memoryMb: entry.resources.memory,
    cpus: entry.resources.cpus,
    rollout: entry.rollout,
  };
}

function serviceOf(catalog: Catalog, name: string): CatalogService {
  const entry = catalog.services[name];
  if (entry === undefined) throw new Error(`no service ${name} in the catalog`);
  return entry;
}
