import { argumentsOf } from './command-line';
import { expand } from './expand';
import type { ReleaseSnapshot } from './fleet';

/** What an instance is told about itself and its surroundings. */
export interface InstanceSurroundings {
  readonly environment: string;
  readonly service: string;
  readonly release: number;
  readonly instance: string;
  readonly host: string;
  /** Address of the page. */
  readonly edwinUrl: string;
  /** `DATABASE_URL`, `QUEUE_URL`, `GRAPH_URL`, telemetry: by what the release needs in this environment. */
  readonly connections: Readonly<Record<string, string>>;
  /** Edge addresses of the services that the release needs. */
  readonly services: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** Edwin's own environment, the last place where names in settings are looked up. */
  readonly outer: Readonly<Record<string, string | undefined>>;
}

/**
 * The complete environment of an instance, except `HOST`, `PORT` and `PATH`, which the host adds. Settings of the environment
 * win over common ones; what Edwin itself sets wins over settings.
 * @throws `config.invalid` when a setting names something that is not set
 */
export function instanceEnv(snapshot: ReleaseSnapshot, about: InstanceSurroundings): Record<string, string> {
  const self = {
    EDWIN_ENVIRONMENT: about.environment,
    EDWIN_SERVICE: about.service,
    EDWIN_RELEASE: String(about.release),
    EDWIN_INSTANCE: about.instance,
  };
  const named: Record<string, string | undefined> = { ...about.outer, ...self, EDWIN_URL: about.edwinUrl };
  const settings = { ...snapshot.config.common, ...snapshot.config.environments[about.environment] };
  const expanded = Object.entries(settings).map(([name, text]) => [name, expand(text, (key) => named[key], name)]);
  return {
    ...Object.fromEntries(expanded),
    ...addresses(about.services),
    ...about.connections,
    ...about.secrets,
    OTEL_SERVICE_NAME: about.service,
    OTEL_RESOURCE_ATTRIBUTES: attributes({
      'service.version': String(about.release),
      'deployment.environment.name': about.environment,
      'service.instance.id': about.instance,
      'host.name': about.host,
    }),
    ...self,
  };
}

/** The command of an instance; undefined means the image's own. */
export function instanceCommand(snapshot: ReleaseSnapshot): string[] | undefined {
  return snapshot.run === undefined ? undefined : argumentsOf(snapshot.run);
}

/** Http services and those with a health path get a port. */
export function listens(snapshot: ReleaseSnapshot): boolean {
  return snapshot.kind === 'http' || snapshot.healthPath !== undefined;
}

function addresses(services: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(services).map(([name, url]) => [`${name.toUpperCase().replaceAll('-', '_')}_URL`, url]),
  );
}

function attributes(pairs: Record<string, string>): string {
  return Object.entries(pairs)
    .map(([key, value]) => `${key}=${encodeURIComponent(value)}`)
    .join(',');
}
