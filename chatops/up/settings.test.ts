import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCatalog } from '../../platform/catalog-file';
import { readConfig } from '../../platform/config';
import { openSecrets } from '../../platform/secrets';
import { fillSecrets, platformSecret, programSpecs } from './settings';

const catalog = parseCatalog(
  `product: shop
environments: [dev, prod]
services:
  web: { kind: http, build: { command: x }, run: x, health: /, secrets: [KEY, EXTRA?] }
`,
  'edwin.yaml',
);

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edwin-secrets-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('secrets of the environments at start', () => {
  test('required ones are made, each environment its own; optional ones stay absent', () => {
    const secrets = openSecrets(folder);
    fillSecrets(catalog, secrets, {});
    const [dev, prod] = ['dev', 'prod'].map((environment) => secrets.values(environment, ['KEY'])['KEY']);
    expect(dev).toMatch(/^[0-9a-f]{48}$/);
    expect(dev).not.toBe(prod);
    expect(() => secrets.values('dev', ['EXTRA'])).toThrow('dev has no secret EXTRA.');
  });

  test('made once, they stay', () => {
    const secrets = openSecrets(folder);
    fillSecrets(catalog, secrets, {});
    const before = secrets.values('dev', ['KEY']);
    fillSecrets(catalog, secrets, {});
    expect(secrets.values('dev', ['KEY'])).toEqual(before);
  });

  test('those of the platform begin with no dash, which neo4j-admin takes for an option, and stay', () => {
    const secrets = openSecrets(folder);
    const made = Array.from({ length: 500 }, (_, index) => platformSecret(secrets, `NEO4J_${index}`));
    expect(made.filter((password) => !/^[0-9a-f]{48}$/.test(password))).toEqual([]);
    expect(new Set(made).size).toBe(made.length);
    expect(platformSecret(secrets, 'NEO4J_0')).toBe(made[0]);
  });

  test('given ones are taken, the one for the environment first', () => {
    const secrets = openSecrets(folder);
    fillSecrets(catalog, secrets, { KEY: 'all', PROD_KEY: 'mine', EXTRA: 'more' });
    expect(secrets.values('dev', ['KEY', 'EXTRA'])).toEqual({ KEY: 'all', EXTRA: 'more' });
    expect(secrets.values('prod', ['KEY'])).toEqual({ KEY: 'mine' });
  });

  test('a changed value is a new version, and the old one is kept', () => {
    const secrets = openSecrets(folder);
    fillSecrets(catalog, secrets, { KEY: 'one' });
    fillSecrets(catalog, secrets, { KEY: 'two' });
    expect(secrets.versions('dev')['KEY']).toBe(2);
    expect(secrets.values('dev', ['KEY'], { KEY: 1 })).toEqual({ KEY: 'one' });
  });
});

describe('what the programs are started with', () => {
  const urls = {
    control: 'postgres://control',
    telemetry: 'postgres://telemetry',
    environments: { dev: 'postgres://dev', prod: 'postgres://prod' },
  };
  const options = { data: '/data', port: 4400, catalog: '/edwin.yaml', fill: true };
  const ports = { edge: 1, edgeAdmin: 2, edgeOps: 3, observability: 4 };
  const specs = (more: NodeJS.ProcessEnv = {}) => {
    const given = { PATH: '/bin', SLACK_BOT_TOKEN: 'xoxb-1', AWS_SECRET: 's', ...more };
    const secrets = openSecrets(folder);
    return programSpecs({ options, config: readConfig(['up'], given), catalog, secrets, ports, urls, given });
  };
  const environments = (chatops: { env: Readonly<Record<string, string>> }) =>
    JSON.parse(chatops.env['EDWIN_ENVIRONMENTS'] as string) as Record<string, Record<string, string>>;

  test('only chatops holds the environments and the Slack app', () => {
    const { edge, observability, chatops } = specs();
    expect(Object.values(edge?.env ?? {}).join('')).not.toBe('');
    expect(Object.values(edge?.env ?? {}).join()).not.toMatch(/postgres|xoxb|AWS/);
    expect(Object.values(observability.env).join()).not.toMatch(/postgres:\/\/(control|dev|prod)|xoxb/);
    expect(chatops.env['SLACK_BOT_TOKEN']).toBe('xoxb-1');
    expect(Object.keys(JSON.parse(chatops.env['EDWIN_ENVIRONMENTS'] as string))).toEqual(['dev', 'prod']);
  });

  test('each environment sends its telemetry with a token of its own', () => {
    const { observability, chatops } = specs();
    const tokens = JSON.parse(observability.env['OTLP_TOKENS'] as string) as Record<string, string>;
    expect(Object.values(tokens)).toEqual(['edwin', 'dev', 'prod']);
    expect(tokens[environments(chatops)['prod']?.['otlp'] as string]).toBe('prod');
  });

  test('an address of an environment goes to it alone, and what is not set stays in its database', () => {
    const { chatops, observability } = specs({
      PROD_QUEUE_URL: 'amqp://prod:secret@rabbit/prod',
      DEV_REGISTRY_URL: 'consul+http://:token@consul:8500/dev',
    });
    expect(environments(chatops)).toMatchObject({
      dev: { database: 'postgres://dev', queue: 'postgres://dev', registry: 'consul+http://:token@consul:8500/dev' },
      prod: { database: 'postgres://prod', queue: 'amqp://prod:secret@rabbit/prod', registry: 'postgres://prod' },
    });
    expect(chatops.env['PROD_QUEUE_URL']).toBeUndefined();
    expect(Object.values(observability.env).join()).not.toContain('amqp');
  });

  test('an HAProxy takes the place of the edge, and both of its addresses have to be named', () => {
    const haproxy = { EDGE_URL: 'http://10.0.0.1:8080', EDGE_ADMIN_URL: 'haproxy+unix:///run/haproxy.sock' };
    const { edge, chatops } = specs(haproxy);
    expect(edge).toBeUndefined();
    expect(chatops.env).toMatchObject(haproxy);
    expect(() => specs({ EDGE_URL: 'http://10.0.0.1:8080' })).toThrow('EDGE_ADMIN_URL is required');
  });

  test('programs listen on 127.0.0.1 unless told, and instances elsewhere are told the address that reaches them', () => {
    expect(specs().chatops.env).toMatchObject({ HOST: '127.0.0.1', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4' });
    expect(specs().chatops.env['INSTANCES_URL']).toBeUndefined();
    expect(specs().chatops.env['PAGE_KEY']).toBeUndefined();
    const { chatops } = specs({ EDWIN_LISTEN: '0.0.0.0', EDWIN_ADDRESS: '10.0.0.1' });
    expect(chatops.healthUrl).toBe('http://127.0.0.1:4400/healthz');
    expect(chatops.env).toMatchObject({
      HOST: '0.0.0.0',
      EDGE_URL: 'http://10.0.0.1:1',
      INSTANCES_URL: 'http://10.0.0.1:4400',
      PAGE_KEY: expect.stringMatching(/^[0-9a-f]{48}$/),
      PUBLIC_URL: 'http://127.0.0.1:4400',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://10.0.0.1:4',
    });
  });
});
