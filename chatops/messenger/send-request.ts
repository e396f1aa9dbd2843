import { z } from 'zod';
import type { QuickReply, Student } from './conversations';
import { type GraphError, graphErrors, wrongParam } from './graph-error';

interface Wanted {
  readonly student: string;
  readonly text: string;
  readonly quickReplies: readonly QuickReply[] | undefined;
  readonly metadata: string | undefined;
}

const shape = z.object({
  recipient: z.object({ id: z.coerce.string() }, 'The parameter recipient is required'),
  messaging_type: z
    .enum(['RESPONSE', 'UPDATE', 'MESSAGE_TAG'], 'Param messaging_type must be one of {RESPONSE, UPDATE, MESSAGE_TAG}')
    .optional(),
  sender_action: z.enum(['typing_on', 'typing_off', 'mark_seen']).optional(),
  message: z
    .object({
      text: z
        .string('Message cannot be empty, must provide valid attachment or text')
        .min(1, 'Message cannot be empty, must provide valid attachment or text')
        .max(2000, 'Length of param message[text] must be less than or equal to 2000'),
      quick_replies: z
        .array(z.object({ content_type: z.literal('text'), title: z.string().max(20), payload: z.string().max(1000) }))
        .max(13, 'Param message[quick_replies] must have at most 13 elements')
        .optional(),
      metadata: z.string().max(1000, 'Length of param message[metadata] must be less than or equal to 1000').optional(),
    })
    .optional(),
});

export type SendRequest =
  | { readonly kind: 'error'; readonly error: GraphError }
  | { readonly kind: 'action'; readonly student: string; readonly action: 'typing_on' | 'typing_off' | 'mark_seen' }
  | { readonly kind: 'message'; readonly wanted: Wanted };

/** Reads the body of `POST /me/messages`. */
export function readSend(body: unknown): SendRequest {
  const parsed = shape.safeParse(body);
  if (!parsed.success)
    return { kind: 'error', error: wrongParam(parsed.error.issues[0]?.message ?? 'Invalid parameter') };
  const { recipient, message, sender_action: action } = parsed.data;
  if (action && message)
    return { kind: 'error', error: wrongParam('Cannot send both message and state at the same time') };
  if (action) return { kind: 'action', student: recipient.id, action };
  if (!message) return { kind: 'error', error: wrongParam('The parameter message is required') };
  const { text, quick_replies: buttons, metadata } = message;
  const quickReplies = buttons?.map(({ title, payload }) => ({ title, payload }));
  return { kind: 'message', wanted: { student: recipient.id, text, quickReplies, metadata } };
}

const WINDOW_MS = 24 * 3_600_000;

/** Why the page may not write to this student now. */
export function refusal(student: Student | undefined, now: Date): GraphError | undefined {
  if (!student) return graphErrors.nobody;
  if (student.blocked) return graphErrors.unavailable;
  if (!student.wroteAt || now.getTime() - student.wroteAt.getTime() >= WINDOW_MS) return graphErrors.window;
  return undefined;
}
