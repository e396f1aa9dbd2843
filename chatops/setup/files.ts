import { createHash } from 'node:crypto';
import { type PasswordOf, REGISTRY_USER } from './names';

/** A file for one server of the composed system. `folder` is the volume that this server alone sees. */
export interface SecretFile {
  readonly folder: string;
  readonly name: string;
  readonly content: string;
  /** Default 0444. */
  readonly mode?: number;
}

/**
 * What each server reads at its start. Nobody sees another's folder.
 * @param hash makes the second half of an htpasswd file's line (bcrypt)
 */
export function secretFiles(
  environments: readonly string[],
  password: PasswordOf,
  hash: (password: string, salt: Buffer) => string,
): SecretFile[] {
  const file = (folder: string, name: string, content: string): SecretFile => ({ folder, name, content });
  return [
    file('postgres', 'password', password('POSTGRES')),
    // Elasticsearch takes no file that others may read; its user has the number of ours.
    { ...file('elasticsearch', 'password', password('ELASTICSEARCH')), mode: 0o400 },
    file(
      'registry',
      'htpasswd',
      `${REGISTRY_USER}:${hash(password('REGISTRY'), saltOf('REGISTRY', password('REGISTRY')))}\n`,
    ),
    file('kibana', 'kibana.yml', kibanaConfiguration(password)),
    file('rabbitmq', 'rabbitmq.conf', 'load_definitions = /secrets/definitions.json\nmanagement.tcp.port = 15672\n'),
    file('rabbitmq', 'definitions.json', rabbitDefinitions(environments, password)),
    ...environments.flatMap((environment) => [
      file(`neo4j-${environment}`, 'auth', `neo4j/${password(`NEO4J_${environment}`)}`),
      file(`consul-${environment}`, 'acl.json', consulConfiguration(environment, password)),
    ]),
  ];
}

function kibanaConfiguration(password: PasswordOf): string {
  const settings = {
    'server.host': '0.0.0.0',
    'elasticsearch.hosts': ['http://elasticsearch:9200'],
    'elasticsearch.username': 'kibana_system',
    'elasticsearch.password': password('KIBANA'),
    'xpack.encryptedSavedObjects.encryptionKey': password('KIBANA_KEY'),
    'telemetry.enabled': false,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`)
    .join('');
}

/** Each environment has a virtual host and a user who may enter no other; what is not named here is not there. */
function rabbitDefinitions(environments: readonly string[], password: PasswordOf): string {
  const everything = { configure: '.*', write: '.*', read: '.*' };
  return JSON.stringify({
    users: environments.map((name) => ({
      name,
      password_hash: rabbitHash(
        password(`RABBITMQ_${name}`),
        saltOf(name, password(`RABBITMQ_${name}`)).subarray(0, 4),
      ),
      hashing_algorithm: 'rabbit_password_hashing_sha256',
      tags: 'management',
    })),
    vhosts: environments.map((name) => ({ name })),
    permissions: environments.map((name) => ({ user: name, vhost: name, ...everything })),
  });
}

/** The same at each run, so that files which say the same are the same. Passwords are long and random. */
function saltOf(name: string, password: string): Buffer {
  return createHash('sha256').update(`salt of ${name} `).update(password).digest();
}

/** RabbitMQ's own form: four bytes of salt, then SHA-256 over salt and password (rabbitmq.com/docs/passwords). */
export function rabbitHash(password: string, salt: Buffer): string {
  const digest = createHash('sha256').update(salt).update(password, 'utf8').digest();
  return Buffer.concat([salt, digest]).toString('base64');
}

function consulConfiguration(environment: string, password: PasswordOf): string {
  const management = password(`CONSUL_MANAGEMENT_${environment}`);
  const tokens = { initial_management: management, agent: management, default: password(`CONSUL_DNS_${environment}`) };
  return JSON.stringify({
    acl: { enabled: true, default_policy: 'deny', enable_token_persistence: true, tokens },
  });
}
