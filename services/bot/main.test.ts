import { silent } from '../../platform/log';
import { queues, type Reply, reply, type StudentMessage } from '../../platform/messages';
import { openQueue } from '../../platform/queue/open';
import type { Queue } from '../../platform/queue/queue';
import { createTestDatabase, type TestDatabase } from '../../test/database';
import { startProgram, type TestProgram } from '../../test/program';
import { until } from '../../test/until';
import { seededRandom, shuffled } from './teaching/random';

const STUDENTS = 30;
const MESSAGES = 20;
const KILLS = 4;
let database: TestDatabase;
let queue: Queue;
const running = new Set<TestProgram>();

beforeAll(async () => {
  database = await createTestDatabase();
  queue = await openQueue(database.url, silent);
});
afterAll(async () => {
  await Promise.all([...running].map((program) => program.stop()));
  await queue.close();
  await database.drop();
});

async function startBot(): Promise<TestProgram> {
  const program = await startProgram('services/bot/main.ts', { DATABASE_URL: database.url, QUEUE_URL: database.url });
  running.add(program);
  return program;
}

test('every message is answered once and in order while bots are killed in the middle of their work', async () => {
  const texts = ['hi', 'skip', 'a', 'progress', 'no idea'];
  const messages = Array.from({ length: STUDENTS * MESSAGES }, (_, index): StudentMessage => {
    const [student, sequence] = [`s${index % STUDENTS}`, 1 + Math.floor(index / STUDENTS)];
    const text = texts[sequence % texts.length]!;
    return {
      mid: `${student}-${sequence}`,
      student,
      page: 'p',
      kind: 'text',
      text,
      sentAt: new Date().toISOString(),
      sequence,
    };
  });
  const said = new Map<string, Reply>();
  await queue.consume(queues.replies, { concurrency: 20 }, async ({ body }) => {
    const one = reply.parse(body);
    expect(said.get(one.id) ?? one).toEqual(one);
    said.set(one.id, one);
  });

  const bots = [await startBot(), await startBot()];
  await until(async () => (await fetch(`${bots[0]!.url}/healthz`)).ok, { what: 'the bot is well' });
  const order = shuffled(messages, seededRandom('kill'));
  const portion = Math.ceil(order.length / KILLS);
  for (let round = 0; round < KILLS; round++) {
    const part = order.slice(round * portion, (round + 1) * portion);
    const before = said.size;
    await queue.publish(
      queues.messages,
      part.flatMap((message) => [
        { id: message.mid, body: message },
        { id: `${message.mid}-again`, body: message },
      ]),
    );
    await until(() => said.size > before, { what: 'replies flow' });
    const victim = bots.shift()!;
    running.delete(victim);
    victim.child.kill('SIGKILL');
    bots.push(await startBot());
  }
  await until(() => said.size >= messages.length, { withinMs: 60_000, what: 'every message is answered' });

  const idle = async () => {
    const { ready, unacknowledged, dead } = await queue.depth(queues.messages);
    return ready === 0 && unacknowledged === 0 && dead === 0;
  };
  await until(idle, { withinMs: 30_000, what: 'nothing is left in the queue' });
  expect(said.size).toBe(messages.length);
  for (let index = 0; index < STUDENTS; index++) {
    const own = [...said.values()]
      .filter(({ student }) => student === `s${index}`)
      .sort((a, b) => a.sequence - b.sequence);
    expect(own.map(({ sequence, inReplyTo }) => [sequence, inReplyTo])).toEqual(
      Array.from({ length: MESSAGES }, (_, place) => [place + 1, `s${index}-${place + 1}`]),
    );
  }
}, 150_000);

test('a bot told to stop finishes what it handles and ends with status 0', async () => {
  const bot = await startBot();
  running.delete(bot);
  expect(await bot.stop()).toBe(0);
});
