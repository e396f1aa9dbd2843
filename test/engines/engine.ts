import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { absent } from './absent';

const run = promisify(execFile);

/** Servers that tests may use, and the variables that say where they are. */
const engines = {
  rabbitmq: ['EDWIN_TEST_RABBITMQ_URL', 'EDWIN_TEST_RABBITMQ_MANAGEMENT_URL', 'EDWIN_TEST_RABBITMQ_STAGE_URL'],
  // Tokens of each datacenter that may make others: it must run with ACLs.
  consul: ['STAGE_URL', 'STAGE_TOKEN', 'STAGE_DNS', 'PROD_URL', 'PROD_TOKEN'].map(
    (name) => `EDWIN_TEST_CONSUL_${name}`,
  ),
  neo4j: ['EDWIN_TEST_NEO4J_URL', 'EDWIN_TEST_NEO4J_USER', 'EDWIN_TEST_NEO4J_PASSWORD'],
  postgres: ['EDWIN_TEST_POSTGRES_URL', 'EDWIN_TEST_POSTGRES_STAGE_URL'],
  elasticsearch: ['EDWIN_TEST_ELASTICSEARCH_URL'],
  docker: ['EDWIN_TEST_DOCKER_HOST'],
  hosts: ['EDWIN_TEST_HOSTS', 'EDWIN_TEST_HOSTS_TLS'],
  registry: ['EDWIN_TEST_REGISTRY', 'EDWIN_TEST_REGISTRY_NAME', 'EDWIN_TEST_REGISTRY_USER'],
  haproxy: ['EDWIN_TEST_HAPROXY'],
} as const;
export type EngineName = keyof typeof engines;

export interface Engine {
  /** Value of a variable that says where the server is; it must be set. */
  setting(name: string): string;
  /** False where the servers are somebody's own: then they can not be killed or frozen by tests. */
  readonly disturbable: boolean;
  /** Runs a verb of the server's control script (`crash`, `up`, `pause`, `resume` …); at most two minutes. */
  control(...verb: string[]): Promise<string>;
}

/**
 * A suite on real servers. Where one is absent it is skipped with the reason; with `EDWIN_REQUIRE_REAL=1` that fails.
 * Servers are told by variables; `EDWIN_TEST_ENGINES` names the folder of control scripts, if there are any.
 */
export function onEngines(names: readonly EngineName[], define: (engine: Record<EngineName, Engine>) => void): void {
  const missing = names.flatMap((name) => engines[name].filter((variable) => !process.env[variable]));
  if (missing.length === 0) {
    define(Object.fromEntries(names.map((name) => [name, engineOf(name)])) as Record<EngineName, Engine>);
    return;
  }
  const reason = `${names.join(', ')}: ${missing.join(', ')} not set`;
  absent('needs real servers', reason);
}

function engineOf(name: EngineName): Engine {
  const scripts = process.env['EDWIN_TEST_ENGINES'];
  return {
    setting: (variable) => {
      const value = process.env[variable];
      if (!value) throw new Error(`${variable} is not set`);
      return value;
    },
    disturbable: Boolean(scripts),
    control: async (...verb) => {
      if (!scripts) throw new Error(`${name} can not be disturbed: EDWIN_TEST_ENGINES is not set`);
      const options = { timeout: 120_000, maxBuffer: 16 * 1024 * 1024, env: process.env };
      const { stdout } = await run(join(scripts, name), verb, options);
      return stdout;
    },
  };
}
