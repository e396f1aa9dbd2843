import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { type Fleet, finalStates, type Operation } from '../../platform/fleet/fleet';
import type { Logger } from '../../platform/log';
import { releasesOf } from '../commands/operations';
import type { Editor, EditTarget } from './editor';
import { faultOf } from './fault';
import type { Message } from './message';
import { headSentence, operationMessage } from './operation-message';
import type { Posted, PostedMessages } from './posted';
import type { Poster, PostOptions } from './poster';
import { alarmText, stepsMessage } from './steps-message';

export interface FollowerOptions {
  readonly fleet: Fleet;
  readonly posted: PostedMessages;
  readonly poster: Poster;
  readonly editor: Editor;
  readonly log: Logger;
  readonly publicUrl: string;
  /** For operations that were asked for elsewhere, or whose own channel does not take posts. */
  readonly channel: string;
  /** Looks in a channel for a message with this operation in its metadata, when a crash left it in doubt. */
  find(channel: string, operation: number): Promise<string | undefined>;
}

/** One message for each operation, whoever began it: posted once, edited until it is final, found again after a crash. */
export interface Follower {
  start(): void;
  /** Makes sure that this operation is followed. */
  ensure(operation: number): void;
  close(): Promise<void>;
}

export const METADATA_EVENT = 'edwin_operation';

const DAY_MS = 86_400_000;
const LOOK_AGAIN_MS = 5_000;
/** An operation that takes longer than this shows its steps in the thread before it ends. */
const SLOW_MS = 15_000;

export function openFollower(options: FollowerOptions): Follower {
  const { fleet, posted, log } = options;
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal);
  const following = new Map<number, Promise<void>>();
  const settled = new Set<number>();
  const from = Date.now() - DAY_MS;
  let scanning: Promise<void> | undefined;
  let again = false;

  const ensure = (id: number): void => {
    if (settled.has(id) || following.has(id) || stopping.signal.aborted) return;
    const work = followUntilSettled(options, id, stopping.signal)
      .then(() => void settled.add(id))
      .catch((error) => {
        if (!stopping.signal.aborted) log.error({ error, operation: id }, `The message of operation ${id} is given up`);
        settled.add(id);
      })
      .finally(() => following.delete(id));
    following.set(id, work);
  };

  /** What was begun elsewhere, or while nobody followed. Calls that come while it looks make it look once more. */
  const scan = (): void => {
    again = true;
    scanning ??= (async () => {
      while (again && !stopping.signal.aborted) {
        again = false;
        const recent = (await fleet.history({ limit: 50 })).filter((one) => one.requestedAt.getTime() > from);
        const unknown = recent.map(({ id }) => id).filter((id) => !settled.has(id) && !following.has(id));
        if (unknown.length === 0) continue;
        for (const id of await posted.settled(unknown)) settled.add(id);
        for (const id of unknown.sort((a, b) => a - b)) ensure(id);
      }
    })()
      .catch((error) => log.warn({ error }, 'Operations could not be looked up; trying again'))
      .finally(() => {
        scanning = undefined;
      });
  };

  let watching: { stop(): void } | undefined;
  let timer: NodeJS.Timeout | undefined;
  return {
    start() {
      watching = fleet.watch(scan);
      timer = setInterval(scan, LOOK_AGAIN_MS);
      timer.unref();
      scan();
    },
    ensure,
    async close() {
      stopping.abort();
      watching?.stop();
      clearInterval(timer);
      await scanning;
      await Promise.allSettled(following.values());
    },
  };
}

/** Trouble on the way (a database that restarts, say) begins it anew where it stands. */
async function followUntilSettled(options: FollowerOptions, id: number, signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      return await follow(options, id, signal);
    } catch (error) {
      if (signal.aborted || failures >= 20) throw error;
      options.log.warn({ error, operation: id }, `Following operation ${id} was interrupted; trying again`);
      await pause(Math.min(30_000, 200 * 2 ** failures), undefined, { signal });
    }
  }
}

async function follow(options: FollowerOptions, id: number, signal: AbortSignal): Promise<void> {
  const { fleet, posted, editor, publicUrl } = options;
  let row = await posted.claim(id);
  if (row.settled) return;
  const first = await fleet.operation(id);
  const [subjects, usualMs] = await Promise.all([releasesOf(first, { fleet }), usualDuration(fleet, first)]);
  const draw = (operation: Operation): Message =>
    operationMessage({ operation, ...subjects, publicUrl, now: new Date(), ...(usualMs !== undefined && { usualMs }) });
  let shown = '';
  if (row.ts === '') {
    row = await postFirst(options, row, first, draw(first));
    shown = JSON.stringify(draw(first).blocks);
    void supersede(options, first).catch((error) => options.log.debug({ error }, 'An older message kept its buttons'));
  }
  const target: EditTarget = { channel: row.channel, ts: row.ts };
  for await (const operation of fleet.follow(id, signal)) {
    const final = finalStates.includes(operation.state);
    const message = draw(operation);
    const changed = JSON.stringify(message.blocks) !== shown;
    shown = JSON.stringify(message.blocks);
    if (final) {
      const [edited] = await Promise.all([
        changed ? editor.edit(target, message, { final: true }) : 'sent',
        finish(options, row, operation),
      ]);
      if (signal.aborted && edited !== 'sent') return;
      await posted.note(id, { settled: true });
      return;
    }
    if (changed) void editor.edit(target, message);
    if (row.threadTs === '' && Date.now() - operation.requestedAt.getTime() > SLOW_MS && operation.steps.length > 0)
      row = await showSteps(options, row, operation);
    else if (row.threadTs !== '') void editor.edit({ channel: row.channel, ts: row.threadTs }, stepsMessage(operation));
  }
}

/** Posts the message where it was asked for; a channel that does not take it gives way to the common one. */
async function postFirst(
  options: FollowerOptions,
  row: Posted,
  operation: Operation,
  message: Message,
): Promise<Posted> {
  const { poster, posted, channel, log, find } = options;
  const wanted = operation.origin['channel'] ?? channel;
  const found = row.known ? await find(wanted, operation.id).catch(() => undefined) : undefined;
  const how: PostOptions = { metadata: { event_type: METADATA_EVENT, event_payload: { operation: operation.id } } };
  const at = found
    ? { channel: wanted, ts: found }
    : await poster.post(wanted, message, how).catch((error) => {
        if (wanted === channel || faultOf(error).kind !== 'gone') throw error;
        log.warn({ channel: wanted, why: faultOf(error) }, 'The channel takes no posts; using the common one');
        return poster.post(channel, message, how);
      });
  await posted.note(operation.id, at);
  log.info({ event: 'message.posted', operation: operation.id, channel: at.channel }, headSentence(operation));
  return { ...row, ...at };
}

/** What an ended operation leaves in its thread: the steps, and a call that everyone sees when it went wrong. */
async function finish(options: FollowerOptions, row: Posted, operation: Operation): Promise<void> {
  if (row.threadTs !== '')
    await options.editor.edit({ channel: row.channel, ts: row.threadTs }, stepsMessage(operation), { final: true });
  else if (operation.steps.length > 0) await showSteps(options, row, operation);
  if (operation.state === 'done' || row.alarmTs !== '') return;
  const sentence = headSentence(operation);
  const text = alarmText(sentence, operation.origin['user'], operation.reason);
  const block = {
    type: 'rich_text' as const,
    elements: [
      {
        type: 'rich_text_section' as const,
        elements: [
          ...(operation.origin['user'] !== undefined
            ? [
                { type: 'user' as const, user_id: operation.origin['user'] },
                { type: 'text' as const, text: ' ' },
              ]
            : []),
          { type: 'text' as const, text: alarmText(sentence, undefined, operation.reason) },
        ],
      },
    ],
  };
  const { ts } = await options.poster.post(row.channel, { text, blocks: [block] }, { thread: row.ts, broadcast: true });
  await options.posted.note(operation.id, { alarmTs: ts });
}

async function showSteps({ poster, posted }: FollowerOptions, row: Posted, operation: Operation): Promise<Posted> {
  const { ts } = await poster.post(row.channel, stepsMessage(operation), { thread: row.ts });
  await posted.note(operation.id, { threadTs: ts });
  return { ...row, threadTs: ts };
}

/** A newer operation makes the buttons of the one before act on the past, so they go. */
async function supersede({ fleet, posted, editor, publicUrl }: FollowerOptions, operation: Operation): Promise<void> {
  const { service, environment } = operation;
  const list = await fleet.history({ service, environment, limit: 2, states: ['done'] });
  const before = list.find((one) => one.id < operation.id);
  const row = before && (await posted.find(before.id));
  if (!before || !row?.settled || row.ts === '') return;
  const subjects = await releasesOf(before, { fleet });
  await editor.edit(
    row,
    operationMessage({ operation: before, ...subjects, publicUrl, now: new Date(), superseded: true }),
    { final: true },
  );
}

/** Median of the last ten of the same kind at the same place. */
async function usualDuration(fleet: Fleet, { service, environment, id }: Operation): Promise<number | undefined> {
  const done = (await fleet.history({ service, environment, limit: 10, states: ['done'] })).filter(
    (one) => one.id !== id && one.finishedAt,
  );
  const took = done.map((one) => one.finishedAt!.getTime() - one.requestedAt.getTime()).sort((a, b) => a - b);
  return took[Math.floor(took.length / 2)];
}
