import { z } from 'zod';
import { type Call, call } from './call';
import { type Answer, classify, classifyFailure, type Verdict } from './classify';
import { findOurs, type ShownMessage, type Sight } from './doubt';

interface OutgoingReply {
  readonly id: string;
  readonly student: string;
  readonly text: string;
  readonly quickReplies: readonly { readonly title: string; readonly payload: string }[] | undefined;
  readonly messagingType: 'RESPONSE' | 'UPDATE';
}

/** The two calls of Facebook's Graph API that a gateway needs. Neither rejects: what went wrong is their answer. */
export interface GraphApi {
  send(reply: OutgoingReply, leavesWithinMs: number): Promise<Verdict>;
  /** Looks for a message of ours in the student's conversation. */
  look(send: Parameters<typeof findOurs>[1]): Promise<Sight>;
}

const TIMEOUT_MS = 10_000;

const conversations = z.object({
  data: z.array(
    z.object({
      messages: z
        .object({
          data: z.array(
            z.object({
              id: z.string(),
              message: z.string().catch(''),
              created_time: z.string().catch(''),
              from: z.object({ id: z.string() }).optional(),
            }),
          ),
        })
        .optional(),
    }),
  ),
});

/** The token travels in a header only, so that no log or trace has it as part of an address. No call takes longer than `limitMs`. */
export function graphApi(base: string, pageToken: string, limitMs = TIMEOUT_MS): GraphApi {
  const authorization = `Bearer ${pageToken}`;

  const ask = async (path: string, asked: Omit<Call, 'limitMs'>): Promise<Answer> => {
    const { status, headers, text } = await call(`${base.replace(/\/$/, '')}${path}`, {
      ...asked,
      limitMs,
    });
    return { status, headers, body: jsonOf(text) };
  };
  return {
    send: async ({ id, student, text, quickReplies, messagingType }, leavesWithinMs) => {
      const buttons = quickReplies?.map(({ title, payload }) => ({ content_type: 'text', title, payload }));
      const message = { text, ...(buttons && buttons.length > 0 && { quick_replies: buttons }), metadata: id };
      const body = JSON.stringify({ recipient: { id: student }, messaging_type: messagingType, message });
      try {
        return classify(
          await ask('/me/messages', {
            method: 'POST',
            headers: { authorization, 'content-type': 'application/json' },
            body,
            leavesWithinMs,
          }),
        );
      } catch (error) {
        return classifyFailure(codeOf(error), messageOf(error));
      }
    },

    look: async (send) => {
      const query = new URLSearchParams({
        platform: 'messenger',
        user_id: send.student,
        fields: 'messages.limit(50){id,message,created_time,from}',
      });
      try {
        const answer = await ask(`/me/conversations?${query}`, { method: 'GET', headers: { authorization } });
        const parsed = conversations.safeParse(answer.body);
        if (parsed.success) {
          const ours = findOurs(
            parsed.data.data.flatMap(({ messages }) => messages?.data.map(shown) ?? []),
            send,
          );
          return ours ? { messageId: ours.id } : 'absent';
        }
        return classify(answer).kind === 'permanent' ? 'blind' : 'unanswered';
      } catch {
        return 'unanswered';
      }
    },
  };
}

function shown(message: {
  id: string;
  message: string;
  created_time: string;
  from?: { id: string } | undefined;
}): ShownMessage {
  return { id: message.id, text: message.message, createdAt: new Date(message.created_time), from: message.from?.id };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
