import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../until';
import { type Cell, cellsOf, isWhole, untilWhole } from './board';
import { cleanUp, cloneProject, commit, type RunningEdwin, startEdwin } from './edwin';
import { openPage, type Page } from './page';
import { ask } from './student';

const services = ['gateway', 'mailer', 'bot', 'scheduler', 'analytics'];
let repository = '';
let edwin: RunningEdwin;
let page: Page;

const cells = (environment: string): Promise<Cell[]> => cellsOf(edwin.url, environment);

/** One story, told in order: each test goes on where the one before ended. */
describe('a day with Edwin', () => {
  beforeAll(async () => {
    repository = cloneProject();
    edwin = await startEdwin({ repository });
    page = await openPage(edwin.url);
  }, 60_000);

  afterAll(async () => {
    await edwin?.stop();
    cleanUp(repository, ...(edwin ? [join(edwin.data, '..')] : []));
  }, 30_000);

  test('a first start fills dev by itself', async () => {
    await untilWhole(edwin.url, 'dev');
    expect((await cells('dev')).map(({ service }) => service)).toEqual(services);
    expect((await cells('stage')).every(({ serving }) => !serving)).toBe(true);
  }, 100_000);

  test('a student of dev is answered', async () => {
    const { answer } = await ask(edwin.url, 'dev', 'ann', 'hello');
    expect(answer.text.length).toBeGreaterThan(10);
  }, 30_000);

  test('every service is promoted to stage', async () => {
    for (const service of services) {
      const { status, json, stderr } = await edwin.edwin('deploy', service, 'stage');
      expect({ status, stderr, ...json }).toMatchObject({
        status: 0,
        service,
        environment: 'stage',
        from: null,
        to: 1,
        state: 'done',
      });
    }
    expect((await cells('stage')).every(isWhole)).toBe(true);
  }, 60_000);

  test('the same release again is refused: there is nothing to do', async () => {
    const { status, json } = await edwin.edwin('deploy', 'bot', 'stage', '1');
    expect(status).toBe(2);
    expect(json.message).toContain('stage');
  }, 30_000);

  test('a student of stage is answered, and one trace shows the way of the message', async () => {
    const { sent, answer } = await ask(edwin.url, 'stage', 'ben', 'hello');
    expect(answer.text.length).toBeGreaterThan(10);
    const trace = sent.trace as string;
    const spans = await until(
      async () => {
        const { spans: found } = await page.get<{ spans: { service: string; release: string; name: string }[] }>(
          `/api/traces/stage/${trace}`,
        );
        const reached = new Set(found.map(({ service }) => service));
        // The last thing the gateway does is the call of the Send API.
        const whole =
          ['gateway', 'mailer', 'bot'].every((service) => reached.has(service)) &&
          found.some(({ name }) => /gateway\.replies/.test(name));
        return whole ? found : undefined;
      },
      { withinMs: 15_000, what: `spans of gateway, mailer and bot under trace ${trace}` },
    );
    expect(spans.filter(({ service, release }) => services.includes(service) && release !== '1')).toEqual([]);
    const said = async () => JSON.stringify((await edwin.edwin('logs', 'gateway', 'stage')).json);
    await until(async () => /Reply \d+ to ben is sent/.test(await said()), { what: 'the log line of the reply' });
  }, 40_000);

  test('a broken release is undone by itself, and the message says why', async () => {
    appendFileSync(join(repository, 'services', 'bot', 'main.ts'), "\nthrow new Error('the item bank is empty');\n");
    commit(repository, 'Break the bot');
    expect((await edwin.edwin('build', 'bot')).status).toBe(0);
    const { status, json } = await edwin.edwin('deploy', 'bot', 'dev');
    expect({ status, ...json }).toMatchObject({
      status: 1,
      service: 'bot',
      environment: 'dev',
      from: 1,
      to: 2,
      state: 'undone',
    });
    const last = (await cells('dev')).find(({ service }) => service === 'bot')?.last;
    expect(last?.logTail.join('\n')).toContain('the item bank is empty');
    expect((await cells('dev')).every(isWhole)).toBe(true);
    expect((await ask(edwin.url, 'dev', 'ann', 'a')).answer.text.length).toBeGreaterThan(0);
  }, 120_000);

  test('a good release reaches stage, and a rollback brings back the one before', async () => {
    const file = join(repository, 'services', 'bot', 'main.ts');
    appendFileSync(file, '// mended\n');
    writeFileSync(file, readFileSync(file, 'utf8').replace("throw new Error('the item bank is empty');", ''));
    commit(repository, 'Mend the bot');
    expect((await edwin.edwin('build', 'bot')).status).toBe(0);
    expect((await edwin.edwin('deploy', 'bot', 'dev')).json).toMatchObject({ state: 'done', to: 3 });
    expect((await edwin.edwin('deploy', 'bot', 'stage')).json).toMatchObject({ state: 'done', from: 1, to: 3 });
    expect((await ask(edwin.url, 'stage', 'ben', 'a')).answer.text.length).toBeGreaterThan(0);
    const rollback = await edwin.edwin('rollback', 'bot', 'stage');
    expect({ status: rollback.status, ...rollback.json }).toMatchObject({ status: 0, state: 'done', from: 3, to: 1 });
    expect((await ask(edwin.url, 'stage', 'ben', 'b')).answer.text.length).toBeGreaterThan(0);
  }, 60_000);

  test('a misspelt command is answered with what was meant, a missing word with what could stand there', async () => {
    const misspelt = await edwin.edwin('deplyo', 'bot', 'stage');
    expect(misspelt.status).toBe(2);
    expect(JSON.stringify(misspelt.json)).toContain('deploy bot stage');
    const missing = await edwin.edwin('deploy', 'bot');
    expect(missing.status).toBe(2);
    for (const environment of ['dev', 'stage', 'prod']) expect(JSON.stringify(missing.json)).toContain(environment);
  }, 20_000);

  test('Ctrl-C ends everything within ten seconds', async () => {
    expect(await edwin.stop()).toBeLessThan(10_000);
    expect(edwin.process.exitCode).toBe(0);
  }, 20_000);
});
