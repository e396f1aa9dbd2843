import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nextOf, suiteOf } from '../jest/engine-runner';

const file = (seconds: number, ...servers: string[]) => ({ servers: new Set(servers), seconds });

test('a suite’s servers are those of all its parts, but for what nobody disturbs', () => {
  const source = "onEngines(['hosts', 'docker'], () => {});\nonEngines(\n  ['consul', 'haproxy'],\n  suite);";
  expect(suiteOf(source)).toEqual({ servers: new Set(['hosts', 'consul']), seconds: 10 });
  expect(suiteOf(`/** @seconds 170 */\n${source}`).seconds).toBe(170);
  expect(() => suiteOf('test("x")')).toThrow('names them');
});

test('every suite on real servers in the tree names them', () => {
  const root = join(__dirname, '..', '..');
  const files = ['platform', 'test', 'observability', 'services', 'chatops', 'autoscaler'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.real.test.ts'))
      .map((path) => join(root, folder, path)),
  );
  expect(files.length).toBeGreaterThan(20);
  for (const path of files) expect(() => suiteOf(readFileSync(path, 'utf8'))).not.toThrow();
});

test('no two files that dispute a server run at once', () => {
  const [queue, whole, names] = [file(10, 'rabbitmq'), file(90, 'rabbitmq', 'consul'), file(10, 'consul')];
  expect(nextOf([whole, names], [queue])).toBe(names);
  expect(nextOf([whole], [queue])).toBeUndefined();
  expect(nextOf([], [])).toBeUndefined();
});

test('what has the most to come comes first, so that nothing long is left for the end', () => {
  const [short, first, second, long] = [file(10, 'neo4j'), file(30, 'hosts'), file(40, 'hosts'), file(60)];
  expect(nextOf([short, long, first, second], [])).toBe(first);
  expect(nextOf([short, long, second], [first])).toBe(long);
  expect(nextOf([short, second], [first])).toBe(short);
});
