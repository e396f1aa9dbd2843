import { join } from 'node:path';
import { silent } from '../../platform/log';
import { queues, type Reply } from '../../platform/messages';
import { openQueue } from '../../platform/queue/open';
import type { Queue } from '../../platform/queue/queue';
import { type Script, startScript } from '../../test/script';
import { until } from '../../test/until';
import { gatewaySettings, replyTo, type Surroundings, startSurroundings } from './fixture';

/** Real gateway processes, killed with -9 between the request to Messenger and its answer. */
let around: Surroundings;
let queue: Queue;
const running: Script[] = [];

beforeAll(async () => {
  around = await startSurroundings();
  queue = await openQueue(around.database.url, silent);
});
afterAll(async () => {
  await Promise.all(running.map((gateway) => gateway.kill()));
  await queue?.close();
  await around?.close();
});

async function startGatewayProcess(): Promise<Script> {
  const gateway = startScript(join(__dirname, 'main.ts'), gatewaySettings(around));
  running.push(gateway);
  const line = await gateway.says('program.started');
  around.webhook = `http://127.0.0.1:${(JSON.parse(line) as { port: number }).port}/webhook`;
  return gateway;
}
const publish = (...replies: Reply[]) =>
  queue.publish(
    queues.replies,
    replies.map((body) => ({ id: body.id, body })),
  );
const seen = (student: string, count: number) =>
  until(async () => (await around.shown(student)).length >= count, {
    what: `${student} sees ${count} replies`,
    withinMs: 15_000,
  });

const state = async (student: string) => {
  const { rows } = await around.database.pool.query(
    'select state from gateway.sends where student = $1 and sequence = 1',
    [student],
  );
  return rows[0]?.state as string | undefined;
};

test.each([
  ['hang', 'after Messenger took it: it is found in the conversation and not repeated'],
  ['stall', 'before Messenger took it: another gateway sends it'],
])('a send is in doubt since its gateway was killed (%s) %s', async (kind) => {
  const student = `killed-by-${kind}`;
  const first = await startGatewayProcess();
  await around.greet(student);
  await around.messenger.faults({ kind, student });
  await publish(replyTo(student, 1), replyTo(student, 2), replyTo(student, 3));
  await until(async () => (await state(student)) === 'sending', { what: 'the first gateway waits for the answer' });
  if (kind === 'hang') await seen(student, 1);
  const second = await startGatewayProcess();
  const killedAt = Date.now();
  await first.kill();
  await seen(student, 3);
  process.stdout.write(`gateway killed (${kind}): the student has all replies ${Date.now() - killedAt} ms later\n`);
  expect(await around.shown(student)).toEqual(['1', '2', '3']);
  await second.kill('SIGTERM');
});
