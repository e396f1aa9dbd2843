import type { Pool } from '../platform/database/postgres';
import { EdwinError } from '../platform/errors';
import type { Fleet } from '../platform/fleet/fleet';
import type { Logger } from '../platform/log';
import { commands as commandSeconds } from '../platform/metrics';
import type { Queue } from '../platform/queue/queue';
import type { TelemetryStore } from '../platform/telemetry/telemetry';
import { currentTraceId, inSpan } from '../platform/tracing';
import type { Access } from './access';
import { readArguments } from './arguments';
import { type Arrival, type Audit, type Outcome, openAudit } from './audit';
import type { Actor, Command, CommandContext, Reply, Role } from './command';
import { commands } from './commands/list';
import { nearest } from './nearest';
import { normalised, parse, words } from './parse';
import { internalErrorReply, misreadReply, refusedReply, unknownVerbReply } from './refusal';
import { repeatedReply } from './repeated';
import { type Completion, completions } from './suggest';
import { typedAt } from './typed';

export interface DispatcherOptions {
  readonly fleet: Fleet;
  readonly telemetry: TelemetryStore;
  /** The queue of one environment. */
  queue(environment: string): Promise<Queue>;
  /** Control database; the dispatcher owns its schema `audit`. */
  readonly pool: Pool;
  readonly publicUrl: string;
  readonly log: Logger;
  readonly access: Access;
  /** Stands before the short names in Slack: `acme-` makes `/acme-deploy`. */
  readonly prefix?: string;
}

interface DispatchOptions {
  /** Channel or terminal; the same wish at two places is two wishes. */
  readonly place: string;
  /** Kept with the operation that a command begins. */
  readonly origin?: Readonly<Record<string, string>>;
  /** The door's id of this arrival (trigger, event), by which a redelivery is known. */
  readonly delivery?: string;
  progress?(line: string): void;
}

/** The one way from text to deed, whichever door it came through. */
export interface Dispatcher {
  readonly commands: readonly Command[];
  /** Never rejects: whatever goes wrong is a reply. */
  dispatch(text: string, actor: Actor, options: DispatchOptions): Promise<Reply>;
  /** Whole commands that `text` could become, best first. Silent for those who may not give commands. */
  complete(text: string, actor: Actor): Promise<Completion[]>;
  /** The one check of permission, for what a door shows without a command (the log behind a button). */
  refusal(actor: Actor, role: Role): string | undefined;
  /** The command behind a button made for `actor`; undefined when it is too old or someone else's. */
  offered(id: string, actor: Actor): Promise<string | undefined>;
}

export async function openDispatcher(options: DispatcherOptions): Promise<Dispatcher> {
  const audit = await openAudit(options.pool);
  const running = new Map<number, Promise<Reply>>();
  return {
    commands,
    dispatch: (text, actor, how) =>
      inSpan('command', { attributes: { 'edwin.door': actor.door } }, () =>
        dispatch({ ...options, audit, running }, text, actor, how),
      ),
    complete: (text, actor) => complete(options, text, actor),
    refusal: (actor, role) => options.access.refusal(actor, role),
    offered: (id, actor) => audit.offered(id, actor),
  };
}

interface Inside extends DispatcherOptions {
  readonly audit: Audit;
  /** Replies being made, by the audit row that does the work. */
  readonly running: Map<number, Promise<Reply>>;
}

async function dispatch(inside: Inside, text: string, actor: Actor, how: DispatchOptions): Promise<Reply> {
  const { audit, running, log } = inside;
  const at = new Date();
  const { verb, rest } = parse(text, inside.prefix);
  const command = commands.find(({ name }) => name === verb);
  let recorded: { id: number; repeats: number | undefined } | undefined;
  let reply: Reply;
  try {
    recorded = await audit.record(arrival(text, actor, how, { verb, rest, at, once: command?.changes ?? false }));
    const doing = recorded.repeats === undefined ? undefined : running.get(recorded.repeats);
    if (doing) {
      reply = repeatedReply(await doing);
    } else {
      const context = contextOf(inside, actor, how, at, `command:${recorded.repeats ?? recorded.id}`);
      const work = carryOut(inside, command, verb, rest, context);
      if (recorded.repeats === undefined) running.set(recorded.id, work);
      reply = recorded.repeats === undefined ? await work : repeatedReply(await work);
    }
  } catch (error) {
    reply = failure(inside, error, verb);
  }
  const outcome: Outcome = reply.exit === 2 ? 'refused' : reply.exit === 1 ? 'failed' : 'done';
  const durationMs = Date.now() - at.getTime();
  commandSeconds.observe({ verb: command ? verb : 'unknown', outcome }, durationMs / 1000);
  log.info(
    {
      event: outcome === 'refused' ? 'command.refused' : 'command.received',
      verb,
      outcome,
      actor: actor.id,
      operation: reply.operation,
      durationMs,
    },
    `${actor.name}: ${verb} ${outcome}`,
  );
  if (recorded && recorded.repeats === undefined) {
    await audit
      .finish(recorded.id, { outcome, operation: reply.operation, durationMs })
      .catch((error) => log.error({ error }, 'The audit row could not be finished'));
    running.delete(recorded.id);
  }
  return reply;
}

/** Permission, then arguments, then the deed. */
async function carryOut(
  inside: Inside,
  command: Command | undefined,
  verb: string,
  rest: readonly string[],
  context: CommandContext,
): Promise<Reply> {
  try {
    const refusal = inside.access.refusal(context.actor, command?.role ?? 'viewer');
    if (refusal !== undefined) throw new EdwinError('chat.not-allowed', refusal);
    if (!command) {
      const meant = nearest(
        verb,
        commands.map(({ name }) => name),
      );
      const whole = meant && normalised(meant, rest);
      return unknownVerbReply(verb, whole, whole && (await inside.audit.offer(whole, context.actor)), context);
    }
    const read = await readArguments(command, rest, context);
    if ('misread' in read) {
      const { meant } = read.misread;
      return misreadReply(command, read.misread, meant && (await inside.audit.offer(meant, context.actor)), context);
    }
    return await command.run(command.args.parse(read.values), context);
  } catch (error) {
    return failure(inside, error, verb);
  }
}

function failure({ log, publicUrl }: DispatcherOptions, error: unknown, verb: string): Reply {
  if (error instanceof EdwinError) return refusedReply(error.message, error.remedy);
  log.error({ event: 'command.failed', error, verb }, `${verb} failed`);
  return internalErrorReply(publicUrl, currentTraceId());
}

async function complete(options: DispatcherOptions, text: string, actor: Actor): Promise<Completion[]> {
  if (options.access.refusal(actor, 'viewer') !== undefined) return [];
  const context = contextOf(options, actor, { place: 'completion' }, new Date(), '');
  const given = words(text);
  const partial = text === '' || /\s$/.test(text) ? '' : (given.at(-1) ?? '');
  const head = text.slice(0, text.length - partial.length);
  const { verb, rest } = parse(head, options.prefix);
  if (verb === '') {
    const wanted = partial.replace(/^\//, '').toLowerCase();
    const offered = commands.filter(({ name }) => name.startsWith(wanted) || wanted === '');
    return offered.map(({ name, summary }) => ({
      value: head.trim() === '' ? context.typed(name) : `${head}${name}`,
      word: name,
      hint: summary,
    }));
  }
  const command = commands.find(({ name }) => name === verb);
  if (!command || options.access.refusal(actor, command.role) !== undefined) return [];
  return completions(command, { head, before: rest, partial }, context);
}

function contextOf(
  options: DispatcherOptions,
  actor: Actor,
  how: DispatchOptions,
  now: Date,
  key: string,
): CommandContext {
  const { fleet, telemetry, publicUrl, log, prefix = '' } = options;
  const origin = { door: actor.door, actor: actor.id, ...how.origin };
  const progress = (line: string): void => how.progress?.(line);
  return {
    actor,
    fleet,
    telemetry,
    publicUrl,
    log,
    now,
    key,
    origin,
    commands,
    progress,
    queue: (environment) => options.queue(environment),
    refusal: (role) => options.access.refusal(actor, role),
    typed: (text) => typedAt(actor.door, text, prefix),
  };
}

function arrival(
  text: string,
  actor: Actor,
  how: DispatchOptions,
  { verb, rest, at, once }: { verb: string; rest: readonly string[]; at: Date; once: boolean },
): Arrival {
  const { place, delivery } = how;
  return {
    actor,
    place,
    text,
    verb,
    at,
    once,
    normalised: normalised(verb, rest),
    ...(delivery !== undefined && { delivery }),
  };
}
