import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cell, cellsOf, untilWhole } from './board';
import { cleanUp, commit, type RunningEdwin, root, startEdwin } from './edwin';

let repository = '';
let edwin: RunningEdwin;
const cell = async (service: string, environment: string): Promise<Cell | undefined> =>
  (await cellsOf(edwin.url, environment)).find((one) => one.service === service);
const web = async (environment: string): Promise<{ title: string; release: string; notes: string[] }> => {
  const url = (await cell('web', environment))?.url as string;
  return (await fetch(`${url}/`)).json() as Promise<{ title: string; release: string; notes: string[] }>;
};

/** A team's own product, in a repository of its own: a page without packages and a worker in shell. */
describe('the product in examples/notes', () => {
  beforeAll(async () => {
    repository = mkdtempSync(join(tmpdir(), 'edwin-notes-'));
    cpSync(join(root, 'examples', 'notes'), repository, { recursive: true });
    execFileSync('git', ['init', '--quiet'], { cwd: repository });
    commit(repository, 'First');
    edwin = await startEdwin({ repository, env: { TMPDIR: repository } });
  }, 60_000);

  afterAll(async () => {
    await edwin?.stop();
    cleanUp(repository, ...(edwin ? [join(edwin.data, '..')] : []));
  }, 30_000);

  test('runs in its first environment after a first start', async () => {
    await untilWhole(edwin.url, 'test');
    expect(await web('test')).toMatchObject({ title: 'Notes', release: '1', notes: [] });
  }, 100_000);

  test('both services are promoted by the same commands, with the settings of the environment', async () => {
    expect((await edwin.edwin('deploy', 'cleaner', 'live')).json).toMatchObject({ state: 'done', to: 1 });
    expect((await edwin.edwin('deploy', 'web', 'live')).json).toMatchObject({ state: 'done', to: 1, instances: 2 });
    expect(await web('live')).toMatchObject({ title: 'Our notes', release: '1' });
  }, 40_000);

  test('the worker in shell speaks in the logs', async () => {
    const { json } = await edwin.edwin('logs', 'cleaner', 'live');
    expect(JSON.stringify(json)).toContain('cleaner keeps notes of live for 60 minutes');
  }, 20_000);

  test('a worker that can not run is undone with its last words', async () => {
    const file = join(repository, 'cleaner', 'clean.sh');
    const good = readFileSync(file, 'utf8');
    writeFileSync(file, '#!/bin/sh\necho "no broom found" >&2\nexit 3\n');
    commit(repository, 'Lose the broom');
    await edwin.edwin('build', 'cleaner');
    const { status, json } = await edwin.edwin('deploy', 'cleaner', 'test');
    expect({ status, ...json }).toMatchObject({ status: 1, state: 'undone', from: 1, to: 2 });
    expect((await cell('cleaner', 'test'))?.last?.logTail.join()).toContain('no broom found');
    writeFileSync(file, good);
  }, 60_000);

  test('a rollback brings back a release with its own settings', async () => {
    const catalog = join(repository, 'edwin.yaml');
    writeFileSync(catalog, readFileSync(catalog, 'utf8').replace('TITLE: Our notes', 'TITLE: Their notes'));
    commit(repository, 'Rename');
    await edwin.edwin('build', 'web');
    expect((await edwin.edwin('deploy', 'web', 'live', '2')).json).toMatchObject({ state: 'done', from: 1, to: 2 });
    expect((await web('live')).title).toBe('Their notes');
    expect((await edwin.edwin('rollback', 'web', 'live')).json).toMatchObject({ state: 'done', from: 2, to: 1 });
    expect((await web('live')).title).toBe('Our notes');
  }, 60_000);
});
