import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The import rules of docs/architecture.md, read off the sources by dependency-cruiser. */
interface Module {
  source: string;
  dependencies: { resolved: string; circular: boolean; coreModule: boolean }[];
}

const root = join(__dirname, '..');
const folders = ['platform', 'chatops', 'services', 'observability', 'autoscaler'];
let modules: Module[] = [];
let edges: { from: string; to: string; circular: boolean }[] = [];

beforeAll(() => {
  const cruiser = join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
  const args = [
    cruiser,
    '--no-config',
    '--output-type',
    'json',
    '--ts-config',
    'tsconfig.json',
    '--ts-pre-compilation-deps',
    '--do-not-follow',
    'node_modules',
    ...folders,
  ];
  const output = execFileSync(process.execPath, args, { cwd: root, maxBuffer: 64 * 1024 * 1024, encoding: 'utf8' });
  modules = (JSON.parse(output) as { modules: Module[] }).modules.filter(({ source }) =>
    folders.some((folder) => source.startsWith(`${folder}/`)),
  );
  edges = modules.flatMap(({ source, dependencies }) =>
    dependencies.map(({ resolved, circular }) => ({ from: source, to: resolved, circular })),
  );
});

const isTest = (file: string): boolean =>
  file.endsWith('.test.ts') || /(^|\/)(contract|fixture)[^/]*\.ts$/.test(file) || file.includes('/testing/');
/** `services/bot` is a program, so is `chatops`; `platform/edge/main.ts` is the one program inside the platform. */
const programOf = (file: string): string | undefined =>
  /^(services\/[^/]+|chatops|observability|autoscaler)\//.exec(file)?.[1];
const isEntry = (file: string): boolean => file.endsWith('/main.ts') || file.startsWith('chatops/up/');
const shown = (found: typeof edges): string[] => found.map(({ from, to }) => `${from} → ${to}`);

test('the sources are found, so that the rules below say something', () => {
  expect(modules.length).toBeGreaterThan(100);
  expect(edges.some(({ from, to }) => from === 'chatops/main.ts' && to === 'platform/program.ts')).toBe(true);
});

test('the platform imports no program', () => {
  expect(
    shown(edges.filter(({ from, to }) => from.startsWith('platform/') && programOf(to) !== undefined && !isTest(from))),
  ).toEqual([]);
});

test('no program imports another', () => {
  const crossing = edges.filter(
    ({ from, to }) => programOf(from) !== undefined && programOf(to) !== undefined && programOf(from) !== programOf(to),
  );
  expect(shown(crossing.filter(({ from }) => !isTest(from)))).toEqual([]);
});

test('only entry points open adapters', () => {
  const opening = edges.filter(
    ({ from, to }) => /^platform\/[^/]+\/open\.ts$/.test(to) && !isEntry(from) && !isTest(from),
  );
  expect(shown(opening)).toEqual([]);
});

test('an adapter is reached through its port’s open.ts', () => {
  const adapters =
    /^platform\/([a-z]+\/(postgres|local)|queue\/rabbitmq|registry\/consul|telemetry\/elasticsearch|graph\/neo4j|hosts\/docker|images\/registry|edge\/haproxy)\.ts$/;
  const direct = edges.filter(
    ({ from, to }) =>
      adapters.test(to) &&
      !to.startsWith('platform/database/') &&
      !isTest(from) &&
      from.split('/')[1] !== to.split('/')[1] &&
      !isEntry(from),
  );
  expect(shown(direct)).toEqual([]);
});

test('a port knows none of its adapters', () => {
  const ports =
    /^platform\/(queue\/queue|registry\/registry|telemetry\/telemetry|graph\/graph|hosts\/hosts|images\/images|edge\/edge)\.ts$/;
  expect(shown(edges.filter(({ from, to }) => ports.test(from) && to.startsWith('platform/')))).toEqual([]);
});

test('nothing imports in a circle', () => {
  expect(shown(edges.filter(({ circular }) => circular))).toEqual([]);
});

test('sources do not import tests, nor packages that are for development alone', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  const development = Object.keys(manifest.devDependencies).filter((name) => !name.startsWith('@types/'));
  const wrong = edges.filter(
    ({ from, to }) =>
      !isTest(from) && (isTest(to) || development.some((name) => to.startsWith(`node_modules/${name}/`))),
  );
  expect(shown(wrong)).toEqual([]);
});

describe('sources, one by one', () => {
  const sources = (): { file: string; text: string }[] =>
    modules
      .filter(({ source }) => source.endsWith('.ts'))
      .map(({ source }) => ({ file: source, text: readFileSync(join(root, source), 'utf8') }));

  test('have at most 300 lines, and half of them at most 100', () => {
    const lengths = sources().map(({ file, text }) => ({ file, lines: text.split('\n').length - 1 }));
    expect(lengths.filter(({ lines }) => lines > 300)).toEqual([]);
    const sorted = lengths.map(({ lines }) => lines).sort((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThanOrEqual(100);
  });

  test('read process.env in platform/config.ts alone', () => {
    const readers = sources().filter(
      ({ file, text }) => !isTest(file) && /process\.env\b/.test(text.replace(/^\s*(\*|\/\/).*$/gm, '')),
    );
    expect(readers.map(({ file }) => file)).toEqual(['platform/config.ts']);
  });

  test('have names that say what they return', () => {
    const empty = sources().filter(({ file }) =>
      /(^|\/)(utils?|helpers?|common|misc|manager|shared|index)\.ts$/.test(file),
    );
    expect(empty.map(({ file }) => file)).toEqual([]);
  });
});
