import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nextOf, serversOf } from '../jest/engine-runner';

const file = (...servers: string[]) => ({ servers: new Set(servers) });

test('a suite’s servers are those of all its parts; programs that it starts itself are not', () => {
  const source = "onEngines(['hosts', 'docker'], () => {});\nonEngines(\n  ['consul', 'haproxy'],\n  suite);";
  expect([...serversOf(source)]).toEqual(['hosts', 'docker', 'consul']);
  expect(() => serversOf('test("x")')).toThrow('names them');
});

test('every suite on real servers in the tree names them', () => {
  const root = join(__dirname, '..', '..');
  const files = ['platform', 'test', 'observability', 'services', 'chatops', 'autoscaler'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.real.test.ts'))
      .map((path) => join(root, folder, path)),
  );
  expect(files.length).toBeGreaterThan(20);
  for (const path of files) expect(() => serversOf(readFileSync(path, 'utf8'))).not.toThrow();
});

test('no two files that dispute a server run at once', () => {
  const [queue, whole, names] = [file('rabbitmq'), file('rabbitmq', 'consul'), file('consul')];
  expect(nextOf([whole, names], [queue])).toBe(names);
  expect(nextOf([whole], [queue])).toBeUndefined();
  expect(nextOf([], [])).toBeUndefined();
});

test('the file that the most others wait for comes first, so that none is left alone at the end', () => {
  const [a, b, c, d] = [file('neo4j'), file('docker'), file('docker'), file('docker')];
  expect(nextOf([a, b, c, d], [])).toBe(b);
  expect(nextOf([a, c, d], [b])).toBe(a);
});
