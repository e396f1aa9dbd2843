import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identify, isRunning } from '../../platform/process';
import { runningInstances } from '../bench/kill';
import { until } from '../until';
import { untilWhole } from './board';
import { cleanUp, cloneProject, processesOf, type RunningEdwin, root, startEdwin } from './edwin';
import { ask } from './student';

let repository = '';
let edwin: RunningEdwin;
const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it had ended already
  }
};
const pidsOf = (data: string): { programs: number[]; postgres: number; instances: number[] } => {
  const { programs, postgres } = processesOf(data);
  return {
    programs: Object.values(programs),
    postgres: postgres as number,
    instances: runningInstances(data, 'dev').map(({ pid }) => pid),
  };
};
const again = (options: { port?: number } = {}): Promise<RunningEdwin> =>
  startEdwin({ repository, data: edwin.data, port: Number(new URL(edwin.url).port), ...options });

describe('starting again', () => {
  beforeAll(async () => {
    repository = cloneProject();
    edwin = await startEdwin({ repository });
    await untilWhole(edwin.url, 'dev');
    await ask(edwin.url, 'dev', 'ann', 'hello');
  }, 120_000);

  afterAll(async () => {
    await edwin?.stop();
    cleanUp(repository, ...(edwin ? [join(edwin.data, '..')] : []));
  }, 30_000);

  test('a second start on the same data says so and ends', () => {
    const second = spawnSync(
      process.execPath,
      [join(root, 'bin', 'edwin.js'), 'up', '--data', edwin.data, '--port', '1'],
      { encoding: 'utf8' },
    );
    expect(second.status).toBe(1);
    expect(second.stderr).toMatch(/Edwin already runs on .*Use the running one/);
  }, 20_000);

  test('after a kill of `up` alone the next start takes over the same processes', async () => {
    const before = pidsOf(edwin.data);
    kill(edwin.process.pid as number);
    await until(() => identify(edwin.process.pid as number) === undefined, { what: 'the end of up' });
    expect((await ask(edwin.url, 'dev', 'ann', 'a')).answer.text).not.toBe('');
    edwin = await again();
    for (const program of ['edge', 'observability', 'chatops'])
      expect(edwin.output()).toMatch(new RegExp(`Took over what still ran: .*${program}`));
    expect(pidsOf(edwin.data)).toEqual(before);
    expect((await ask(edwin.url, 'dev', 'ann', 'b')).answer.text).not.toBe('');
  }, 60_000);

  test('a program that is killed is back by itself', async () => {
    const before = processesOf(edwin.data).programs['chatops'] as number;
    kill(before);
    await until(
      async () => processesOf(edwin.data).programs['chatops'] !== before && (await fetch(`${edwin.url}/healthz`)).ok,
      { withinMs: 20_000, what: 'chatops to be well again' },
    );
    expect((await ask(edwin.url, 'dev', 'ann', 'a')).answer.text).not.toBe('');
  }, 60_000);

  test('after a kill of everything at once nothing is lost', async () => {
    const { programs, postgres, instances } = pidsOf(edwin.data);
    const sessions = execFileSync('ps', ['-o', 'pid=', '--ppid', String(postgres)], { encoding: 'utf8' })
      .split('\n')
      .map(Number)
      .filter((pid) => pid > 0);
    for (const pid of [edwin.process.pid as number, ...programs, ...instances, ...sessions, postgres]) kill(pid);
    edwin = await again();
    expect((await ask(edwin.url, 'dev', 'ann', 'a')).answer.text).not.toBe('');
    const { json } = await edwin.edwin('status', 'bot', 'dev');
    expect(JSON.stringify(json)).toContain('"bot"');
  }, 90_000);

  test('Ctrl-C leaves no process behind, also told twice at once, as npx does, and when nobody reads any more', async () => {
    const { programs, postgres, instances } = pidsOf(edwin.data);
    const identities = [...programs, postgres, ...instances]
      .map((pid) => identify(pid))
      .filter((found) => found !== undefined);
    expect(identities.length).toBe(programs.length + 1 + instances.length);
    edwin.process.stdout?.destroy();
    edwin.process.stderr?.destroy();
    edwin.process.kill('SIGINT');
    expect(await edwin.stop()).toBeLessThan(10_000);
    expect(edwin.process.exitCode).toBe(0);
    expect(identities.filter(isRunning)).toEqual([]);
  }, 30_000);
});

describe('a start that can not be', () => {
  const upWith = (env: Record<string, string>, ...args: string[]) =>
    spawnSync(process.execPath, [join(root, 'bin', 'edwin.js'), 'up', '--data', join(repository, '.data'), ...args], {
      encoding: 'utf8',
      timeout: 60_000,
      env: { ...process.env, ...env },
    });
  const up = (...args: string[]) => upWith({}, ...args);

  test('on a taken port names the port and the remedy', async () => {
    const { createServer } = await import('node:net');
    const server = createServer();
    const port = await new Promise<number>((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
    );
    repository = cloneProject();
    const { status, stderr } = up('--port', String(port));
    server.close();
    expect(stderr.trim()).toBe(
      `Port ${port} is taken by another program. Stop what listens there, or choose another port with --port.`,
    );
    expect(status).toBe(1);
    cleanUp(repository);
  }, 30_000);

  test('because a program fails names it and its log, and leaves no process behind', () => {
    repository = cloneProject();
    const data = join(repository, '.data');
    const nowhere = { TELEMETRY_URL: 'postgres://nobody:secret@127.0.0.1:1/nothing' };
    const { status, stderr } = upWith(nowhere, '--port', '29998');
    expect(stderr).toMatch(/^observability ended while starting: .*127\.0\.0\.1:1.* Its log: .*observability\.log/);
    expect(stderr).not.toContain('secret');
    expect(status).toBe(1);
    const { programs, postgres } = processesOf(data);
    expect(programs).toEqual({});
    expect(postgres).toBeUndefined();
    cleanUp(repository);
  }, 90_000);

  test('with a wrong catalog names every line', () => {
    repository = cloneProject();
    const file = join(repository, 'wrong.yaml');
    writeFileSync(file, 'product: Shop\nenvironments: []\nservices: {}\n');
    const { status, stderr } = up('--catalog', file);
    expect(stderr).toMatch(/wrong\.yaml:1 product.*\n.*wrong\.yaml:2 environments.*\n.*wrong\.yaml:3 services/);
    expect(status).toBe(1);
    cleanUp(repository);
  }, 30_000);
});
