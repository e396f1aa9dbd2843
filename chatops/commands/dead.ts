import { z } from 'zod';
import { EdwinError } from '../../platform/errors';
import type { DeadMessage, Queue } from '../../platform/queue/queue';
import { type CommandContext, defineCommand, type Reply } from '../command';
import { traceUrl } from '../links';
import { buttons, type Message, paragraph, preformatted, say, context as small, table } from '../slack/message';
import { age } from '../time';
import { textTable } from './text-table';

const SHOWN = 20;
/** A message that is asked for by its id is looked for among so many of each queue. */
const LOOKED_THROUGH = 1_000;

interface Found extends DeadMessage {
  readonly queue: string;
}

/** Messages that were given up are kept; the queues of a service are those whose names begin with its own and a dot. */
export const dead = defineCommand({
  name: 'dead',
  short: false,
  usage: '<service> <env> [action] [id]',
  summary: 'Messages that a service failed on too often: show them, replay or drop them',
  examples: [
    'dead bot prod',
    'dead bot prod show m_Qx7',
    'dead bot prod replay m_Qx7',
    'dead bot prod replay all',
    'dead bot prod drop m_Qx7',
  ],
  role: 'viewer',
  changes: true,
  args: z.object({
    service: z.string(),
    env: z.string(),
    action: z.enum(['show', 'replay', 'drop'], 'it is show, replay or drop').default('show'),
    id: z.string().optional(),
  }),
  async suggest(name, { service, env }, context) {
    if (name === 'action') return actions;
    if (name !== 'id' || service === undefined || env === undefined) return undefined;
    const found = await all(await context.queue(env), service, 10).catch(() => []);
    return [
      ...found.map((one) => ({ value: one.id, hint: `${age(one.diedAt, context.now)}: ${one.reason}` })),
      ...(found.length > 0 ? [{ value: 'all', hint: 'every dead message of the service' }] : []),
    ];
  },
  async run({ service, env, action, id }, context) {
    if (action === 'show') return id === undefined ? list(service, env, context) : one(service, env, id, context);
    const refusal = context.refusal('engineer');
    if (refusal !== undefined) throw new EdwinError('chat.not-allowed', refusal);
    if (id === undefined)
      throw new EdwinError('chat.usage', `${context.typed(`dead ${service} ${env} ${action}`)} needs an id, or "all".`);
    return settle(action, { service, env, id }, context);
  },
});

const actions = [
  { value: 'show', hint: 'what they are and why they died' },
  { value: 'replay', hint: 'deliver them anew, as if for the first time' },
  { value: 'drop', hint: 'remove them for ever' },
];

async function all(queue: Queue, service: string, limit: number): Promise<Found[]> {
  const found: Found[] = [];
  for (const name of await queue.dead.queues(`${service}.`))
    found.push(...(await queue.dead.list(name, limit)).map((message) => ({ ...message, queue: name })));
  return found;
}

async function list(service: string, env: string, context: CommandContext): Promise<Reply> {
  const found = await all(await context.queue(env), service, SHOWN);
  if (found.length === 0) return answer(say(`No message of ${service} in ${env} is dead.`), [], []);
  const rows = [
    ['Queue', 'Id', 'Died', 'Deliveries', 'Reason'],
    ...found.map(({ queue, id, diedAt, attempt, reason }) => [
      queue,
      id,
      age(diedAt, context.now),
      String(attempt),
      reason,
    ]),
  ];
  const next = ['show', 'replay', 'drop'].map((action) => context.typed(`dead ${service} ${env} ${action} <id>`));
  const most = found.length === 1 ? '1 dead message' : `${found.length} dead messages`;
  const sentence = `${service} in ${env} has ${found.length >= SHOWN ? `at least ${most}` : most}.`;
  return answer(say(sentence, [table(rows), small(next.join(' · '))]), [...textTable(rows), '', ...next], found);
}

async function one(service: string, env: string, id: string, context: CommandContext): Promise<Reply> {
  const found = (await all(await context.queue(env), service, LOOKED_THROUGH)).find((message) => message.id === id);
  if (found === undefined) return unknown(service, env, id, context);
  const { queue, publishedAt, diedAt, attempt, reason, headers, body } = found;
  const lines = [
    `Queue: ${queue}`,
    `Published: ${publishedAt.toISOString()}`,
    `Died: ${diedAt.toISOString()}, after ${attempt === 1 ? '1 delivery' : `${attempt} deliveries`}`,
    `Reason: ${reason}`,
  ];
  const text = JSON.stringify(body, null, 2).split('\n');
  const traceId = /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(headers['traceparent'] ?? '')?.[1];
  const url = traceId === undefined ? undefined : traceUrl(context.publicUrl, traceId, env);
  const blocks = [
    paragraph(lines.join('\n')),
    preformatted(text),
    ...buttons(url === undefined ? [] : [{ text: 'Open trace', action: 'link:trace', url }]),
  ];
  const shown = [...lines, ...(url === undefined ? [] : [`Trace: ${url}`]), '', ...text];
  return answer(say(`Message ${id} of ${service} in ${env} is dead.`, blocks), shown, found);
}

async function settle(
  action: 'replay' | 'drop',
  { service, env, id }: { service: string; env: string; id: string },
  context: CommandContext,
): Promise<Reply> {
  const { dead: messages } = await context.queue(env);
  const settled: { queue: string; count: number }[] = [];
  for (const queue of await messages.queues(`${service}.`))
    settled.push({ queue, count: await messages[action](queue, id === 'all' ? 'all' : [id]) });
  const count = settled.reduce((sum, each) => sum + each.count, 0);
  if (count === 0 && id !== 'all') return unknown(service, env, id, context);
  const what = count === 1 ? '1 dead message' : `${count} dead messages`;
  const done =
    action === 'replay'
      ? `${what} of ${service} in ${env} will be delivered anew`
      : `${what} of ${service} in ${env} removed`;
  const lines = settled.filter((each) => each.count > 0).map((each) => `${each.queue}: ${each.count}`);
  const message = say(
    `${done}, asked for by ${context.actor.name}.`,
    lines.length > 1 ? [paragraph(lines.join('\n'))] : [],
  );
  return { ...answer(message, lines, settled), audience: 'channel' };
}

function unknown(service: string, env: string, id: string, { typed }: CommandContext): Reply {
  const message = say(
    `No message of ${service} in ${env} with the id ${id} is dead. See ${typed(`dead ${service} ${env}`)}.`,
  );
  return { ...answer(message, [], null), exit: 2 };
}

function answer(message: Message, lines: readonly string[], data: unknown): Reply {
  return { message, lines, audience: 'asker', exit: 0, data };
}
