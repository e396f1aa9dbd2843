import { SpanKind } from '@opentelemetry/api';
import { currentTraceId, inSpan, traceHeaders } from '../../platform/tracing';
import type { ChatMessage, Conversations, NewMessage, QuickReply } from './conversations';
import type { Delivery } from './delivery';
import type { ChatFeed } from './feed';
import { echoNotification, newMid, postbackNotification, textNotification } from './notifications';

/** What a student writes or presses. `postback`: a button that stays; else a payload means a quick reply. */
interface Said {
  readonly text: string;
  readonly payload: string | undefined;
  readonly postback: boolean;
}

interface Shown {
  readonly text: string;
  readonly quickReplies: readonly QuickReply[] | undefined;
  readonly metadata: string | undefined;
  /** False keeps the echo back, as when Facebook is slow to call. */
  readonly echo: boolean;
}

/** Both sides of a conversation. What is returned is stored, with its webhook call. */
export interface Chat {
  say(environment: string, student: string, said: Said): Promise<ChatMessage>;
  show(environment: string, student: string, shown: Shown): Promise<ChatMessage>;
}

export function createChat(conversations: Conversations, feed: ChatFeed, delivery: Delivery): Chat {
  const turns = new Map<string, Promise<unknown>>();

  /** One after the other for a student: what is stored first is called and shown first. */
  const add = (environment: string, message: NewMessage): Promise<ChatMessage> => {
    const key = `${environment}\n${message.student}`;
    const turn = (turns.get(key) ?? Promise.resolve()).then(async () => {
      const added = await conversations.add(environment, message);
      feed.publish(environment, { type: 'message', message: added });
      if (message.webhook) delivery.wake(environment, message.student);
      return added;
    });
    const settled = turn.catch(() => undefined).finally(() => turns.get(key) === settled && turns.delete(key));
    turns.set(key, settled);
    return turn;
  };
  const traced = (): { trace?: string } => {
    const trace = currentTraceId();
    return trace === undefined ? {} : { trace };
  };

  return {
    // the trace of a student's message begins here
    say: (environment, student, { text, payload, postback }) =>
      inSpan(
        'student writes',
        { kind: SpanKind.PRODUCER, parent: {}, attributes: { 'edwin.student': student } },
        async () => {
          const at = new Date();
          const mid = newMid();
          const about = { environment, student, mid, text, at };
          const body = postback ? postbackNotification(about, payload ?? '') : textNotification(about, payload);
          const webhook = { body, headers: traceHeaders() };
          const given = payload === undefined ? {} : { payload };
          return add(environment, {
            student,
            mid,
            from: 'student',
            text,
            ...given,
            state: 'sending',
            ...traced(),
            webhook,
            at,
          });
        },
      ),

    show: async (environment, student, { text, quickReplies, metadata, echo }) => {
      const at = new Date();
      const mid = newMid();
      const body = echoNotification({ environment, student, mid, text, at }, metadata);
      return add(environment, {
        student,
        mid,
        from: 'page',
        text,
        ...(quickReplies && quickReplies.length > 0 && { quickReplies }),
        ...(metadata !== undefined && { metadata }),
        state: 'shown',
        ...traced(),
        webhook: echo ? { body, headers: traceHeaders() } : undefined,
        at,
      });
    },
  };
}
