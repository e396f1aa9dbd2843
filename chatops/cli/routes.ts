import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyPluginAsync, FastifyReply } from 'fastify';
import { z } from 'zod';
import { type Fleet, finalStates, type Operation } from '../../platform/fleet/fleet';
import type { Actor, Reply } from '../command';
import type { Dispatcher } from '../dispatch';
import { quoted } from '../parse';
import { outcome, progressLine } from './outcome';
import type { CommandLine, CompleteAnswer, FinalReply, Progress } from './protocol';

export interface CommandRoutesDeps {
  readonly dispatcher: Dispatcher;
  readonly fleet: Fleet;
  /** Of `edwin.json`; whoever can read that file may give commands. */
  readonly token: string;
  /** Streams end when it aborts; their operations go on. */
  readonly stopping?: AbortSignal;
}

const name = z.string().regex(/^[\w.@-]{1,64}$/, 'a name has letters, digits, ".", "_", "@" and "-"');
const commandBody = z.object({ text: z.string().max(4_000), as: name, wait: z.boolean().default(true) });
const followBody = z.object({ operation: z.int().positive() });
const completeBody = z.object({ words: z.array(z.string().max(500)).max(50), as: name });

/** The door of the command line: `POST /command`, `/follow` and `/complete`. */
export function commandRoutes({ dispatcher, fleet, token, stopping }: CommandRoutesDeps): FastifyPluginAsync {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  const expected = digest(`Bearer ${token}`);
  return async (server) => {
    server.addHook('onRequest', async (request, reply) => {
      if (timingSafeEqual(digest(request.headers.authorization ?? ''), expected)) return;
      return reply.code(401).send({ error: 'The token is wrong.' });
    });

    server.post('/command', async (request, reply) => {
      const body = commandBody.safeParse(request.body);
      if (!body.success) return refused(reply, body.error);
      const { text, as, wait } = body.data;
      await stream(reply, stopping, async (write, signal) => {
        const progress = (line: string): void => write({ progress: { text: line } });
        const answer = await dispatcher.dispatch(text, person(as), { place: 'terminal', progress });
        return finalReply(answer, { fleet, wait, signal, write });
      });
    });

    server.post('/follow', async (request, reply) => {
      const body = followBody.safeParse(request.body);
      if (!body.success) return refused(reply, body.error);
      await fleet.operation(body.data.operation);
      await stream(reply, stopping, (write, signal) =>
        ended(body.data.operation, { fleet, wait: true, signal, write }),
      );
    });

    server.post('/complete', async (request): Promise<CompleteAnswer[]> => {
      const body = completeBody.safeParse(request.body);
      if (!body.success) return [];
      const { words, as } = body.data;
      const text = ['edwin', ...words.slice(0, -1).map(quoted), words.at(-1) ?? ''].join(' ');
      return (await dispatcher.complete(text, person(as))).map(({ word, hint }) => ({ word, hint }));
    });
  };
}

function person(as: string): Actor {
  return { id: `cli:${as}`, name: as, door: 'cli', standing: 'member' };
}

type Write = (line: CommandLine) => void;

/** Streams lines until `work` has a final reply, or none because who asked has left or Edwin stops. */
async function stream(
  reply: FastifyReply,
  stopping: AbortSignal | undefined,
  work: (write: Write, signal: AbortSignal) => Promise<FinalReply | undefined>,
): Promise<void> {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
  const write: Write = (line) => void raw.write(`${JSON.stringify(line)}\n`);
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  raw.on('close', leave);
  stopping?.addEventListener('abort', leave, { once: true });
  try {
    const final = await work(write, gone.signal);
    if (final) write({ reply: final });
  } finally {
    stopping?.removeEventListener('abort', leave);
    raw.end();
  }
}

function refused(reply: FastifyReply, { issues }: z.ZodError): FastifyReply {
  return reply.code(400).send({ error: issues.map(({ message }) => message).join('; ') });
}

interface Following {
  readonly fleet: Fleet;
  readonly wait: boolean;
  readonly signal: AbortSignal;
  readonly write: Write;
}

async function finalReply(reply: Reply, following: Following): Promise<FinalReply | undefined> {
  if (reply.operation === undefined) {
    return { exit: reply.exit, text: reply.message.text, lines: reply.lines ?? [], result: resultOf(reply) };
  }
  const final = await ended(reply.operation, following);
  return final && reply.repeated ? { ...final, lines: [reply.message.text, ...final.lines] } : final;
}

/** How an operation ended, or stands when nobody waits. Undefined when the one who asked has left. */
async function ended(id: number, { fleet, wait, signal, write }: Following): Promise<FinalReply | undefined> {
  let operation = await fleet.operation(id);
  if (wait) {
    for await (const state of fleet.follow(id, signal)) {
      operation = state;
      if (!finalStates.includes(state.state)) write({ progress: told(state) });
    }
  }
  if (signal.aborted && !finalStates.includes(operation.state)) return undefined;
  const [cell] = await fleet.status({ service: operation.service, environment: operation.environment });
  const healthy = cell?.instances.filter((instance) => instance.state === 'healthy').length ?? 0;
  return outcome(operation, healthy, new Date());
}

function told(operation: Operation): Progress {
  const lookAgain = `edwin history ${operation.service} ${operation.environment}`;
  return { text: progressLine(operation), lookAgain, operation: operation.id };
}

/** Refusals are told in the same shape whatever was asked. */
function resultOf({ exit, message, data }: Reply): unknown {
  if (exit !== 2 && exit !== 1) return data ?? { message: message.text };
  const more = typeof data === 'object' && data !== null ? data : {};
  return { state: exit === 2 ? 'refused' : 'failed', message: message.text, ...more };
}
