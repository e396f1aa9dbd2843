import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { startEmbedded } from '../../platform/database/embedded';
import { silent } from '../../platform/log';
import { queues } from '../../platform/messages';
import { freePort } from '../../platform/ports';
import { startHaproxy } from './haproxy';
import { reachAt } from './reach';
import { weighUp } from './weight';

/** Every real server, as `edwin up` is told of it. Stage has all of them; dev and prod have no Neo4j. */
export interface RealSystem {
  readonly env: Readonly<Record<string, string>>;
  /** Where instances reach this machine. */
  readonly address: string;
  readonly edgeUrl: string;
  readonly hosts: readonly RealHost[];
  /** Containers that Edwin started, on hosts that answer. */
  instances(environment: string): Promise<RealInstance[]>;
  kill(instance: RealInstance): Promise<void>;
  /** Removes every container of Edwin's from the hosts, and what was started here. */
  close(): Promise<void>;
}

interface RealHost {
  readonly name: string;
  readonly engine: Docker;
}

interface RealInstance {
  readonly id: string;
  readonly container: string;
  readonly host: string;
  readonly service: string;
  readonly operation: string;
  readonly startedAt: number;
}

/**
 * A test host's power cut leaves its kernel alive: what its programs had sent is sent again for so long (eight
 * retransmissions), and would arrive when the cable is back, which nothing does after a real power cut. So long a host
 * stays away at least.
 */
export const AFTERLIFE_MS = 120_000;

/** What of the environment says where the servers are; all must be set. */
const names = [
  'EDWIN_TEST_HOSTS',
  'EDWIN_TEST_HOSTS_TLS',
  'EDWIN_TEST_RABBITMQ_URL',
  'EDWIN_TEST_RABBITMQ_MANAGEMENT_URL',
  'EDWIN_TEST_NEO4J_URL',
  'EDWIN_TEST_NEO4J_USER',
  'EDWIN_TEST_NEO4J_PASSWORD',
  'EDWIN_TEST_ELASTICSEARCH_URL',
  'EDWIN_TEST_REGISTRY_NAME',
  'EDWIN_TEST_REGISTRY_USER',
  'EDWIN_TEST_REGISTRY_PASSWORD',
  'EDWIN_TEST_DOCKER_HOST',
  'EDWIN_TEST_HAPROXY',
] as const;

const environments = ['dev', 'stage', 'prod'];

/** @param only the one environment that the hosts are for, on Docker's own network; without it they are for all */
export async function openRealSystem(set: NodeJS.ProcessEnv, only?: string): Promise<RealSystem> {
  const missing = names.filter((name) => !set[name]);
  if (missing.length > 0) throw new Error(`not set: ${missing.join(', ')}`);
  const of = (name: string): string => set[name] ?? '';
  const address = new URL(`http://${of('EDWIN_TEST_REGISTRY_NAME')}`).hostname;
  const folder = mkdtempSync(join(tmpdir(), 'edwin-system-'));
  const closers: (() => Promise<unknown> | unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (const one of closers.splice(0).reverse()) await one();
  };
  try {
    closers.push(weighUp());
    await emptyQueues(of('EDWIN_TEST_RABBITMQ_MANAGEMENT_URL'));
    const hosts = of('EDWIN_TEST_HOSTS')
      .split(',')
      .map((pair) => hostOf(pair, of('EDWIN_TEST_HOSTS_TLS')));
    closers.push(() => Promise.allSettled(hosts.map(({ engine }) => removeAll(engine))));
    const database = await startEmbedded({
      folder: join(folder, 'postgres'),
      log: silent,
      ephemeral: true,
      durable: true,
    });
    closers.push(() => database.stop());
    const ports = {
      postgres: await freePort(),
      rabbitmq: portOf(of('EDWIN_TEST_RABBITMQ_URL')),
      management: portOf(of('EDWIN_TEST_RABBITMQ_MANAGEMENT_URL')),
      neo4j: portOf(of('EDWIN_TEST_NEO4J_URL')),
    };
    const reach = await reachAt(of('EDWIN_TEST_HAPROXY'), address, {
      [database.port]: ports.postgres,
      [ports.rabbitmq]: ports.rabbitmq,
      [ports.management]: ports.management,
      [ports.neo4j]: ports.neo4j,
    });
    closers.push(() => reach.close());
    const edge = await startHaproxy({ program: of('EDWIN_TEST_HAPROXY'), host: address });
    closers.push(() => edge.stop());
    const hostsFile = join(folder, 'hosts.yaml');
    writeFileSync(hostsFile, hostsYaml(of('EDWIN_TEST_HOSTS'), of('EDWIN_TEST_HOSTS_TLS'), only));

    const login = `${of('EDWIN_TEST_REGISTRY_USER')}:${of('EDWIN_TEST_REGISTRY_PASSWORD')}`;
    const neo4j = `${of('EDWIN_TEST_NEO4J_USER')}:${of('EDWIN_TEST_NEO4J_PASSWORD')}`;
    const env: Record<string, string> = {
      EDWIN_LISTEN: address,
      EDWIN_ADDRESS: address,
      POSTGRES_URL: moved(database.adminUrl, address, ports.postgres),
      TELEMETRY_URL: `elasticsearch+${elasticsearchUrl(set)}`,
      HOSTS_URL: `docker:${hostsFile}`,
      IMAGES_URL: `registry+http://${login}@${of('EDWIN_TEST_REGISTRY_NAME')}/edwin`,
      IMAGES_BUILDER_URL: of('EDWIN_TEST_DOCKER_HOST'),
      EDGE_URL: edge.trafficUrl,
      EDGE_ADMIN_URL: edge.adminUrl,
      STAGE_GRAPH_URL: `bolt://${neo4j}@${address}:${ports.neo4j}`,
    };
    for (const name of environments) {
      const queue = new URL(of(`EDWIN_TEST_RABBITMQ_${name.toUpperCase()}_URL`));
      env[`${name.toUpperCase()}_QUEUE_URL`] = moved(queue.href, address, ports.rabbitmq);
      const consul = new URL(of(`EDWIN_TEST_CONSUL_${name.toUpperCase()}_URL`));
      const token = of(`EDWIN_TEST_CONSUL_${name.toUpperCase()}_TOKEN`);
      env[`${name.toUpperCase()}_REGISTRY_URL`] = `consul+http://${token ? `:${token}@` : ''}${consul.host}/${name}`;
    }
    return {
      env,
      address,
      edgeUrl: edge.trafficUrl,
      hosts,
      async instances(environment) {
        const found = await Promise.allSettled(hosts.map((host) => instancesOf(host, environment)));
        return found.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
      },
      async kill({ host, container }) {
        await hosts
          .find(({ name }) => name === host)
          ?.engine.getContainer(container)
          .kill({ signal: 'SIGKILL' });
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** RabbitMQ keeps what a run left for services that it did not start, which would have to be worked off first. */
async function emptyQueues(management: string): Promise<void> {
  const { username, password, origin } = new URL(management);
  const headers = { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
  for (const environment of environments)
    for (const name of Object.values(queues)) {
      const { status } = await fetch(`${origin}/api/queues/${environment}/${name}/contents`, {
        method: 'DELETE',
        headers,
        signal: AbortSignal.timeout(10_000),
      });
      if (status !== 204 && status !== 404) throw new Error(`${name} in ${environment} was not emptied: ${status}`);
    }
}

function hostOf(pair: string, tls: string): RealHost {
  const [name = '', url = ''] = pair.split('=');
  const { hostname, port } = new URL(url);
  const file = (file: string): Buffer => readFileSync(join(tls, file));
  const credentials = { ca: file('ca.pem'), cert: file('cert.pem'), key: file('key.pem') };
  return { name, engine: new Docker({ protocol: 'https', host: hostname, port, timeout: 3_000, ...credentials }) };
}

/** Each in a zone of its own. */
function hostsYaml(hosts: string, tls: string, only: string | undefined): string {
  const more = only === undefined ? '' : `, environments: [${only}], bridge: engine`;
  const entries = hosts.split(',').map((pair) => {
    const [name, engine] = pair.split('=');
    return `  - { name: ${name}, engine: "${engine}", zone: zone-${name}, tls: "${tls}"${more} }\n`;
  });
  return `hosts:\n${entries.join('')}`;
}

async function instancesOf({ name, engine }: RealHost, environment: string): Promise<RealInstance[]> {
  const label = [`edwin.environment=${environment}`];
  const containers = await engine.listContainers({ filters: { label } });
  return containers.map(({ Id, Names, Labels, Created }) => ({
    id: (Names[0] ?? '').replace('/', ''),
    container: Id,
    host: name,
    service: Labels['edwin.service'] ?? '',
    operation: Labels['edwin.operation'] ?? '',
    startedAt: Created * 1000,
  }));
}

async function removeAll(engine: Docker): Promise<void> {
  const containers = await engine.listContainers({ all: true, filters: { label: ['edwin.environment'] } });
  await Promise.allSettled(containers.map(({ Id }) => engine.getContainer(Id).remove({ force: true })));
}

/** With user and password where the server asks for them. */
export function elasticsearchUrl(set: NodeJS.ProcessEnv): string {
  const url = new URL(set['EDWIN_TEST_ELASTICSEARCH_URL'] ?? '');
  const { EDWIN_TEST_ELASTICSEARCH_USERNAME: username, EDWIN_TEST_ELASTICSEARCH_PASSWORD: password } = set;
  return username && password ? Object.assign(url, { username, password }).toString() : url.toString();
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}

function moved(url: string, hostname: string, port: number): string {
  return Object.assign(new URL(url), { hostname, port: String(port) }).toString();
}
