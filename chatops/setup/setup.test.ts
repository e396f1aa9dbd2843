import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { parseRegistryAddress } from '../../platform/images/registry-address';
import { composedSettings } from './addresses';
import { rabbitHash, secretFiles } from './files';

const root = join(__dirname, '..', '..');
const environments = ['dev', 'stage', 'prod'];
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'edwin-setup-'));
  writeFileSync(
    join(folder, 'edwin.yaml'),
    'product: shop\nenvironments: [dev, stage, prod]\nservices:\n  web: { kind: http, build: { command: x }, run: x, health: / }\n',
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

function setup(...words: string[]) {
  const program = join(root, 'chatops', 'setup', 'main.ts');
  return spawnSync(process.execPath, ['-r', join(root, 'test', 'typescript.js'), program, ...words], {
    env: {
      PATH: process.env['PATH'],
      EDWIN_DATA: join(folder, 'data'),
      EDWIN_CATALOG: join(folder, 'edwin.yaml'),
      REGISTRY_PORT: '5100',
    },
    encoding: 'utf8',
  });
}

/** Path → content, permissions and time of every file below `at`. */
function filesBelow(at: string): Record<string, { content: string; mode: number; changed: number }> {
  const names = readdirSync(at, { recursive: true, encoding: 'utf8' });
  return Object.fromEntries(
    names.flatMap((name) => {
      const { mode, mtimeMs } = statSync(join(at, name));
      if (statSync(join(at, name)).isDirectory()) return [];
      return [[name, { content: readFileSync(join(at, name), 'utf8'), mode: mode & 0o777, changed: mtimeMs }]];
    }),
  );
}

test('secrets are made once and told to nobody; each file is as closed as its reader allows', () => {
  const first = setup('secrets', '--secrets', join(folder, 'servers'));
  expect([first.status, first.stderr]).toEqual([0, '']);
  const [servers, data] = [filesBelow(join(folder, 'servers')), filesBelow(join(folder, 'data'))];
  expect(Object.keys(servers).sort()).toEqual([
    ...environments.map((name) => `consul-${name}/acl.json`).sort(),
    'elasticsearch/password',
    'kibana/kibana.yml',
    ...environments.map((name) => `neo4j-${name}/auth`).sort(),
    'postgres/password',
    'rabbitmq/definitions.json',
    'rabbitmq/rabbitmq.conf',
    'registry/htpasswd',
  ]);
  for (const [name, { mode }] of Object.entries(servers))
    expect([name, mode]).toEqual([name, name === 'elasticsearch/password' ? 0o400 : 0o444]);
  for (const { mode } of Object.values(data)) expect(mode).toBe(0o600);

  const secrets = JSON.parse(data['secrets/edwin.json']!.content) as Record<string, string[]>;
  for (const [value] of Object.values(secrets)) expect(first.stdout).not.toContain(value);
  expect(servers['registry/htpasswd']!.content).toMatch(/^edwin:\$2b\$10\$[./A-Za-z0-9]{53}\n$/);

  expect(setup('secrets', '--secrets', join(folder, 'servers')).status).toBe(0);
  expect(filesBelow(join(folder, 'servers'))).toEqual(servers);
  expect(filesBelow(join(folder, 'data'))).toEqual(data);
});

test('no server is given what belongs to another, and every address holds the password that its server knows', () => {
  const servers = filesBelow(join(folder, 'servers'));
  const data = filesBelow(join(folder, 'data'));
  const secrets = JSON.parse(data['secrets/edwin.json']!.content) as Record<string, [string]>;
  for (const [name, [value]] of Object.entries(secrets)) {
    const holders = Object.keys(servers).filter((file) => servers[file]!.content.includes(value));
    const [server, environment] = [name.split('_')[0]!.toLowerCase(), environments.find((each) => name.endsWith(each))];
    for (const file of holders) expect(file).toMatch(new RegExp(`^${server}(-${environment})?/`));
  }
  const settings = parseEnv(data['settings.env']!.content);
  const { origin, name, password } = parseRegistryAddress(settings['IMAGES_URL']!);
  expect([origin, name, password]).toEqual(['http://registry:5000', '127.0.0.1:5100/edwin', secrets['REGISTRY']![0]]);
  expect(settings['STAGE_QUEUE_URL']).toBe(`amqp://stage:${secrets['RABBITMQ_stage']![0]}@rabbitmq:5672/stage`);
  expect(servers['neo4j-stage/auth']!.content).toBe(`neo4j/${new URL(settings['STAGE_GRAPH_URL']!).password}`);
  const token = new URL(settings['STAGE_REGISTRY_URL']!.replace('consul+', '')).password;
  expect(token).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(servers['consul-stage/acl.json']!.content).not.toContain(token);
});

test('settings name every server of every environment', () => {
  const settings = composedSettings(['dev', 'pre-prod'], (name) => `pass-${name}`, { registryPort: 5000 });
  expect(Object.keys(settings)).toEqual([
    'POSTGRES_URL',
    'TELEMETRY_URL',
    'IMAGES_URL',
    ...['DEV', 'PRE_PROD'].flatMap((name) => [`${name}_QUEUE_URL`, `${name}_REGISTRY_URL`, `${name}_GRAPH_URL`]),
  ]);
});

test('RabbitMQ’s hash is that of its documentation', () => {
  // rabbitmq.com/docs/passwords, "Computing Password Hash": salt 908DC60A, password test12.
  const hash = rabbitHash('test12', Buffer.from('908DC60A', 'hex'));
  expect(hash).toBe('kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR');
});

test('each environment’s user may enter its own virtual host alone', () => {
  const files = secretFiles(
    environments,
    (name) => `pass-${name}`,
    () => 'hash',
  );
  const definitions = JSON.parse(files.find(({ name }) => name === 'definitions.json')!.content);
  expect(definitions.permissions).toEqual(
    environments.map((name) => ({ user: name, vhost: name, configure: '.*', write: '.*', read: '.*' })),
  );
  expect(JSON.stringify(definitions)).not.toContain('pass-');
});

test.each([[[]], [['everything']], [['secrets', 'servers']], [['secrets', '--colour', 'red']]])(
  '%j is told how to be used, with exit status 2',
  (words) => {
    const { status, stderr, stdout } = setup(...words);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Usage: edwin setup secrets|servers');
  },
);
