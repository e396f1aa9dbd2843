import type { z } from 'zod';
import { EdwinError } from './errors';
import { sections } from './settings';

/** Only this file reads `process.env`; what the settings are is in settings.ts. */
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

/**
 * Settings of one environment, from variables that begin with its name.
 * @throws `config.invalid`, never showing a value
 */
export function readEnvironmentSettings(
  environment: string,
  env: NodeJS.ProcessEnv = process.env,
): z.infer<(typeof sections)['environment']> {
  const prefix = `${environment.toUpperCase().replaceAll('-', '_')}_`;
  const own = Object.keys(sections.environment.shape).flatMap((name) => {
    const value = env[prefix + name];
    return value ? [[name, value]] : [];
  });
  return sections.environment.parse(Object.fromEntries(own));
}

/** The environment as it is, for what is passed on to programs. */
export function processEnvironment(): NodeJS.ProcessEnv {
  return process.env;
}

/** What `${NAME}` in the catalog may speak of: everything but the platform's own settings, which hold its secrets. */
export function outerEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const own = ['program', 'up', 'database', 'queue', 'graph', 'chatops', 'otel', 'observability', 'edge'] as const;
  const hidden = new Set(own.flatMap((name) => Object.keys(sections[name].shape)));
  const ofEnvironments = Object.keys(sections.environment.shape).map((name) => `_${name}`);
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !hidden.has(name) && !ofEnvironments.some((end) => name.endsWith(end))),
  );
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
