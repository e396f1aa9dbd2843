import type { Logger } from '../../platform/log';
import { chatEdits } from '../../platform/metrics';
import { type BudgetRules, nextEdit } from './edit-budget';
import type { Fault } from './fault';
import { type Message, plain } from './message';

export interface EditTarget {
  readonly channel: string;
  readonly ts: string;
}

export interface EditorOptions extends BudgetRules {
  readonly log: Logger;
  /** Changes the message at Slack. It must not wait out rate limits itself, since that would hold up all others. */
  update(target: EditTarget, message: Message): Promise<void>;
  /** What an error of `update` means. */
  faultOf(error: unknown): Fault;
}

/**
 * Edits messages within one budget for the whole workspace. The newest state of a message wins over those not yet
 * sent; a final state is always sent, through rate limits and outages, until `close`.
 */
export interface Editor {
  /** `sent`; `replaced` by a newer state; `lost`: the message is gone, or the editor was closed. */
  edit(target: EditTarget, message: Message, options?: { final?: boolean }): Promise<'sent' | 'replaced' | 'lost'>;
  /** Sends nothing more. */
  close(): void;
}

interface Waiting {
  readonly key: string;
  readonly target: EditTarget;
  readonly message: Message;
  readonly final: boolean;
  readonly since: number;
  /** Already cut down to what every workspace takes. */
  readonly plain?: boolean;
  settle(how: 'sent' | 'replaced' | 'lost'): void;
}

const FORGET_MS = 60_000;

export function openEditor(options: EditorOptions): Editor {
  const waiting = new Map<string, Waiting>();
  const lastOf = new Map<string, number>();
  let sent: number[] = [];
  let silentUntil = 0;
  let failures = 0;
  let sending = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  const step = (): void => {
    clearTimeout(timer);
    if (sending || closed) return;
    const now = Date.now();
    const next = nextEdit({ waiting: [...waiting.values()], sent, lastOf, silentUntil }, options, now);
    if (!next) return;
    if ('waitMs' in next) {
      timer = setTimeout(step, next.waitMs);
      timer.unref();
      return;
    }
    sending = true;
    void send(waiting.get(next.edit)!).finally(() => {
      sending = false;
      step();
    });
  };

  const send = async (edit: Waiting): Promise<void> => {
    const now = Date.now();
    sent = [...sent.filter((at) => at > now - FORGET_MS), now];
    lastOf.set(edit.key, now);
    waiting.delete(edit.key);
    try {
      await options.update(edit.target, edit.message);
      failures = 0;
      chatEdits.inc({ outcome: 'sent' });
      edit.settle('sent');
    } catch (error) {
      failed(edit, options.faultOf(error));
    }
    for (const [key, at] of lastOf) if (at < now - FORGET_MS && !waiting.has(key)) lastOf.delete(key);
  };

  const failed = (edit: Waiting, fault: Fault): void => {
    chatEdits.inc({ outcome: fault.kind });
    if (fault.kind === 'form' && !edit.plain && !waiting.has(edit.key)) {
      waiting.set(edit.key, { ...edit, message: plain(edit.message), plain: true });
      return;
    }
    if (fault.kind === 'gone' || fault.kind === 'form') {
      options.log.warn({ why: fault.why }, 'A message could not be edited any more');
      edit.settle('lost');
      return;
    }
    const pause = fault.kind === 'limited' ? fault.retryMs : Math.min(30_000, 500 * 2 ** failures++);
    silentUntil = Math.max(silentUntil, Date.now() + pause);
    if (fault.kind === 'limited')
      options.log.warn({ event: 'chat.limited', ms: pause }, `Slack wants no edits for ${pause} ms`);
    else if (failures === 1) options.log.warn({ why: fault.why }, 'Slack takes no edits now; trying again');
    if (waiting.has(edit.key) || closed) edit.settle(closed ? 'lost' : 'replaced');
    else waiting.set(edit.key, edit);
  };

  return {
    edit(target, message, { final = false } = {}) {
      const key = `${target.channel}:${target.ts}`;
      const before = waiting.get(key);
      if (closed) return Promise.resolve('lost');
      return new Promise((settle) => {
        waiting.set(key, {
          key,
          target,
          message,
          final: final || (before?.final ?? false),
          since: before?.since ?? Date.now(),
          settle,
        });
        if (before) {
          chatEdits.inc({ outcome: 'replaced' });
          before.settle('replaced');
        }
        step();
      });
    },
    close() {
      closed = true;
      clearTimeout(timer);
      for (const edit of waiting.values()) edit.settle('lost');
      waiting.clear();
    },
  };
}
