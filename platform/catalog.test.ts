import { readFileSync } from 'node:fs';
import { boundsOf, snapshotOf } from './catalog';
import { loadCatalog, parseCatalog } from './catalog-file';

const minimal = `
product: shop
environments: [dev, prod]
services:
  web:
    kind: http
    build: { command: make }
    run: ./web
    health: /up
`;

describe('the catalog', () => {
  test('a few lines are enough, the rest has defaults', () => {
    const catalog = parseCatalog(minimal, 'edwin.yaml');
    expect(catalog.services['web']).toMatchObject({
      needs: [],
      resources: { memory: 256 },
      rollout: { retry: 'idempotent' },
    });
    expect(boundsOf(catalog, 'web', 'prod')).toEqual({ wanted: 1, min: 1, max: 10 });
  });

  test('the one of this project is valid', () => {
    const catalog = loadCatalog('edwin.yaml');
    expect(Object.keys(catalog.services)).toEqual(['gateway', 'mailer', 'bot', 'scheduler', 'analytics']);
  });

  test('tells all mistakes at once, each with its line', () => {
    const text = `product: Shop
environments: [dev, dev]
services:
  web:
    kind: htp
    build: {}
    healthy: /x
    instances: {wanted: 5, min: 6, max: 2}
    environments:
      prod: {config: {foo: 1}}
  work: {kind: worker, build: {command: x}, needs: [nope]}
`;
    let message = '';
    try {
      parseCatalog(text, 'edwin.yaml');
    } catch (error) {
      message = (error as Error).message;
    }
    const lines = message.split('\n').map((line) => line.trim());
    expect(lines[0]).toBe('The catalog has 10 mistakes:');
    const places = lines.slice(1, -1).map((line) => line.split(' ').slice(0, 2).join(' '));
    expect(places).toEqual([
      'edwin.yaml:1 product:',
      'edwin.yaml:2 environments.1:',
      'edwin.yaml:5 services.web.kind:',
      'edwin.yaml:6 services.web.build:',
      'edwin.yaml:7 services.web.healthy:',
      'edwin.yaml:8 services.web.instances:',
      'edwin.yaml:10 services.web.environments.prod:',
      'edwin.yaml:10 services.web.environments.prod.config.foo:',
      'edwin.yaml:11 services.work:',
      'edwin.yaml:11 services.work.needs.0:',
    ]);
    expect(message).toContain(
      'edwin.yaml:11 services.work.needs.0: "nope" is neither database, queue, graph nor a service (web, work)',
    );
  });

  test('text that is not YAML is told with its line', () => {
    expect(() => parseCatalog('product: shop\n  services: [', 'edwin.yaml')).toThrow(/edwin\.yaml:2/);
  });

  test('a release keeps settings of every environment and the versions of its secrets', () => {
    const text = `${minimal}    secrets: [KEY, OTHER?]\n    config: { A: 1 }\n    environments: { prod: { config: { A: 2 } } }\n`;
    const snapshot = snapshotOf(parseCatalog(text, 'edwin.yaml'), 'web', {
      dev: { KEY: 3, FOREIGN: 1 },
      prod: { KEY: 1, OTHER: 2 },
    });
    expect(snapshot.config).toEqual({ common: { A: '1' }, environments: { prod: { A: '2' } } });
    expect(snapshot.secrets).toEqual({ dev: { KEY: 3 }, prod: { KEY: 1, OTHER: 2 } });
  });

  test('a missing file is told with its remedy', () => {
    expect(() => loadCatalog('/nowhere/edwin.yaml')).toThrow('There is no catalog at /nowhere/edwin.yaml.');
    expect(readFileSync('edwin.yaml', 'utf8')).toContain('docs/catalog.schema.json');
  });
});
