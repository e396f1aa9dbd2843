import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../../platform/ports';
import { untilWhole } from '../scenarios/board';
import { cleanUp, cloneProject, commit, type RunningEdwin, startEdwin } from '../scenarios/edwin';
import { openPage } from '../scenarios/page';
import { ask } from '../scenarios/student';
import { machine, percentile, row, spread } from './figures';
import { memoryOf } from './memory';

/** `npm run bench:start`: how long a start takes, what an idle Edwin weighs, how fast it answers and deploys. */
const COMMANDS = 500;
const RATE = 50;
const ROUNDS = 5;

async function main(): Promise<void> {
  console.log(machine());
  const repository = cloneProject();
  const port = await freePort();
  const first = await startEdwin({ repository, port });
  row('first start until the page answers', seconds(first.startedInMs), 'bound 15 s');
  const filling = Date.now();
  await answered(first.url);
  row('first start until dev answers a student', seconds(first.startedInMs + Date.now() - filling), 'bound 15 s');
  for (const service of ['mailer', 'gateway', 'bot']) await deployed(first, service, 'stage');

  row('Ctrl-C until everything has ended', seconds(await first.stop()), 'bound 10 s');
  const later = await startEdwin({ repository, port, data: first.data });
  row('later start until the page answers', seconds(later.startedInMs), 'bound 4 s');

  await answered(later.url); // what was stopped is back, as on any day
  await measureAcknowledgement(later.url);
  const durations: number[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    appendFileSync(join(repository, 'services', 'bot', 'main.ts'), `// round ${round}\n`);
    commit(repository, `Round ${round}`);
    await later.edwin('build', 'bot');
    durations.push(await deployed(later, 'bot', 'stage', 'latest'));
  }
  row('deployment of two instances', spread(durations), 'bound 4,000 ms');
  await later.stop();

  const idle = await startEdwin({ repository, port: await freePort(), data: join(first.data, '..', 'idle') });
  await answered(idle.url);
  await pause(20_000);
  const { parts, total } = memoryOf(idle.data, idle.process.pid as number, 'dev');
  row('memory, platform and dev idle', `${total} MB`, 'bound 900 MB, proportional set size');
  console.log(
    `  ${Object.entries(parts)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}`,
  );
  await idle.stop();
  cleanUp(repository, join(first.data, '..'));
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

async function answered(url: string): Promise<void> {
  await untilWhole(url, 'dev');
  await ask(url, 'dev', 'bench', 'hello');
}

async function deployed(edwin: RunningEdwin, ...words: string[]): Promise<number> {
  const { status, json } = await edwin.edwin('deploy', ...words);
  if (status !== 0) throw new Error(`deploy ${words.join(' ')}: ${json.message}`);
  return json.duration_ms ?? 0;
}

/** Slash commands as the page sends them; the workspace answers when the app has acknowledged. */
async function measureAcknowledgement(url: string): Promise<void> {
  const page = await openPage(url);
  const { users, channels } = await page.get<{
    users: { id: string; isBot: boolean }[];
    channels: { id: string; name: string }[];
  }>('/api/workspace/');
  const user = users.find(({ isBot }) => !isBot)?.id;
  const channel = channels.find(({ name }) => name === 'deploys')?.id;
  const taken: number[] = [];
  const calls: Promise<void>[] = [];
  const began = Date.now();
  for (let index = 0; index < COMMANDS; index += 1) {
    const due = began + (index * 1000) / RATE;
    if (due > Date.now()) await pause(due - Date.now());
    const sent = Date.now();
    calls.push(
      page
        .post<{ ok: boolean }>('/api/workspace/send', { user, channel, text: `/edwin history bot dev ${index}` })
        .then(({ ok }) => {
          if (!ok) throw new Error('a command was not acknowledged');
          taken.push(Date.now() - sent);
        }),
    );
  }
  await Promise.all(calls);
  taken.sort((a, b) => a - b);
  row(
    `acknowledging a command at ${RATE}/s`,
    `p50 ${percentile(taken, 0.5)} ms, p99 ${percentile(taken, 0.99)} ms (${taken.length})`,
    'bound p99 300 ms',
  );
}

void main();
