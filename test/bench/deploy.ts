import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../../platform/ports';
import { cleanUp, cloneProject, commit, type RunningEdwin, startEdwin } from '../scenarios/edwin';
import { machine, percentile, row, spread } from './figures';
import { killEachOnce } from './kill';
import { Messenger } from './messenger';
import { localWorld, realWorld, schedule, type World } from './world';

/**
 * `npm run bench:deploy -- [messages] [per second] [--real]`: students write through stage while bot and gateway are
 * deployed five times each and one instance after the other is killed with -9; they write on until the last deployment
 * has ended. With `--real` on the servers that EDWIN_TEST_… name; then one host's power is cut in the middle and comes back,
 * and RabbitMQ is killed with -9. Ends with status 1 when a message was lost, answered twice or out of order, or a
 * webhook call failed.
 */
const REAL = process.argv.includes('--real');
const [MESSAGES = 2000, RATE = 50] = process.argv.filter((word) => /^\d+$/.test(word)).map(Number);
const STUDENTS = Math.min(200, MESSAGES);
const ROUNDS = 5;
/** A container that is killed costs its host seconds until the next one answers, a process a part of one. */
const KILL_EVERY_MS = REAL ? 6_000 : 900;
const SERVICES = ['mailer', 'gateway', 'bot'];
const SECRET = 'app-secret-of-the-bench';

/** Seeded, so that two runs kill in the same rhythm (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

async function expectDone(edwin: RunningEdwin, ...words: string[]): Promise<number> {
  const { status, json, stderr } = await edwin.edwin(...words);
  if (status !== 0) throw new Error(`edwin ${words.join(' ')}: ${json.message ?? ''} ${stderr}`);
  return json.duration_ms ?? 0;
}

async function main(): Promise<void> {
  const world = REAL ? await realWorld(process.env) : localWorld();
  const repository = cloneProject();
  const messenger = new Messenger(SECRET);
  const port = await freePort();
  await messenger.listen(port, world.address);
  const edwin = await startEdwin({
    repository,
    fill: false,
    host: world.address,
    env: { ...world.env, MESSENGER_API_URL: `http://${world.address}:${port}/v23.0`, MESSENGER_APP_SECRET: SECRET },
  });
  let failed = true;
  try {
    failed = await Promise.race([measured(edwin, repository, messenger, world), interrupted()]);
  } finally {
    await edwin.stop();
    await messenger.close();
    await world.close();
    if (!failed) cleanUp(repository, join(edwin.data, '..'));
    else console.log(`kept for a look: ${edwin.data}`);
  }
  process.exitCode = failed ? 1 : 0;
}

async function measured(edwin: RunningEdwin, repository: string, messenger: Messenger, world: World): Promise<boolean> {
  console.log(`${MESSAGES} messages at ${RATE}/s through stage; ${machine()}`);
  for (const service of SERVICES) {
    await expectDone(edwin, 'build', service);
    await expectDone(edwin, 'deploy', service, 'dev');
    await expectDone(edwin, 'deploy', service, 'stage');
  }
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const service of ['bot', 'gateway'])
      appendFileSync(join(repository, 'services', service, 'main.ts'), `// round ${round}\n`);
    commit(repository, `Round ${round}`);
    for (const service of ['bot', 'gateway']) await expectDone(edwin, 'build', service);
  }
  messenger.subscribe(`${await world.edgeUrl(edwin)}/stage/gateway/webhook`);
  return run(edwin, messenger, world);
}

/** Rejects at Ctrl-C, so that all that was started is ended first. */
function interrupted(): Promise<never> {
  return new Promise((_, reject) => {
    process.once('SIGINT', () => reject(new Error('Interrupted; what was started is ended.')));
  });
}

async function run(edwin: RunningEdwin, messenger: Messenger, world: World): Promise<boolean> {
  const random = seeded(7);
  const victims = () => world.victims(edwin);
  const killer = killEachOnce({ victims, youngestMs: 1_500, everyMs: KILL_EVERY_MS, random });
  const durations: number[] = [];
  let troubles = 0;
  let deployed = false;
  const deploying = (async () => {
    for (let round = 1; round <= ROUNDS; round += 1)
      for (const service of ['bot', 'gateway']) {
        const { status, json } = await edwin.edwin('deploy', service, 'stage', String(round + 1));
        durations.push(json.duration_ms ?? 0);
        if (status === 0) continue;
        troubles += 1;
        console.log(`  ${service} ${round + 1}: ${json.message}`);
      }
  })()
    .catch((error: unknown) => {
      troubles += 1;
      console.log(error);
    })
    .finally(() => {
      deployed = true;
    });
  const faults = schedule(world.faults);
  const began = Date.now();
  for (let index = 0; index < MESSAGES || (!deployed && index < 10 * MESSAGES); index += 1) {
    const due = began + (index * 1000) / RATE;
    if (due > Date.now()) await pause(due - Date.now());
    // Now and then a student writes twice in a row, which is where order goes wrong.
    const student = `student-${Math.floor((index % (STUDENTS * 2)) / 2)}`;
    void messenger.write(student, index < STUDENTS * 2 ? 'hello' : 'a');
    faults.at((index + 1) / MESSAGES);
  }
  const sentFor = Date.now() - began;
  await deploying;
  const happened = await faults.over();
  const killed = killer.stop();
  await messenger.settled(REAL ? 60_000 : 20_000);

  const tally = messenger.tally();
  const bad = tally.lost + tally.duplicated + tally.outOfOrder + tally.webhookErrors;
  row('sent', `${tally.sent} in ${(sentFor / 1000).toFixed(1)} s`);
  row('deployments under load', `${spread(durations)}, ${troubles} failed`);
  row('instances killed with -9', String(killed.length));
  for (const sentence of happened) row('fault', sentence);
  row('lost', String(tally.lost), 'must be 0');
  row('duplicated', String(tally.duplicated), 'must be 0');
  row('out of order', String(tally.outOfOrder), 'must be 0');
  row('webhook errors', String(tally.webhookErrors), 'must be 0');
  row('message to reply', spread(tally.latencies));
  row('webhook call', spread(tally.webhookMs));
  row(
    'answered within 1 s',
    `${((tally.latencies.filter((ms) => ms <= 1000).length / tally.sent) * 100).toFixed(1)} %`,
    `p99.9 ${percentile(tally.latencies, 0.999)} ms`,
  );
  row('machine at the end', machine());
  for (const failure of messenger.failures.slice(0, 10)) console.log(`  ${failure}`);
  return bad > 0 || troubles > 0;
}

main().catch((error: Error) => {
  console.error(error.message);
  // What was interrupted still sends and waits.
  process.exit(1);
});
