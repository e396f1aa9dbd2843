import { z } from 'zod';

/**
 * Everything that crosses a process boundary between services of the reference product. Times are ISO 8601.
 * A field is added as optional, never removed or given another meaning: two releases run side by side.
 */

/** gateway → mailer, `POST /messages`: one entry of a webhook, normalised. */
export const inboundMessage = z.object({
  /** Messenger's message id; for events without one, made from sender, kind and timestamp. */
  mid: z.string().min(1).max(256),
  /** Page-scoped id of the student. */
  student: z.string().min(1).max(64),
  page: z.string().max(64),
  kind: z.enum(['text', 'quick_reply', 'postback', 'attachment']),
  /** Text, or the title of the button. */
  text: z.string().max(4000),
  payload: z.string().max(2000).optional(),
  attachments: z
    .array(z.object({ type: z.string().max(40), url: z.string().max(4000).optional() }))
    .max(30)
    .optional(),
  sentAt: z.iso.datetime(),
});
export type InboundMessage = z.infer<typeof inboundMessage>;

/** mailer → bot, queue `bot.messages`: a saved message. */
export const studentMessage = inboundMessage.extend({
  /** Position of this message among the student's, from 1, without a gap. */
  sequence: z.int().positive(),
});
export type StudentMessage = z.infer<typeof studentMessage>;

/** scheduler → bot, queue `bot.nudges`: something that the clock asks for. */
export const nudge = z.object({
  id: z.string().max(200),
  student: z.string().max(64),
  kind: z.enum(['reminder', 'session_expired']),
  dueAt: z.iso.datetime(),
  /** When the student was last heard of, as far as the scheduler knew. */
  silentSince: z.iso.datetime().optional(),
});
export type Nudge = z.infer<typeof nudge>;

/** bot → gateway, queue `gateway.replies`: one message to a student. */
export const reply = z.object({
  /** Also `message.metadata` at Messenger, by which a send in doubt is recognised. */
  id: z.string().max(200),
  student: z.string().max(64),
  /** Position among the replies to this student, from 1, without a gap. */
  sequence: z.int().positive(),
  /** The message it answers; absent for what the bot says by itself. */
  inReplyTo: z.string().max(256).optional(),
  text: z.string().min(1).max(2000),
  quickReplies: z
    .array(z.object({ title: z.string().max(20), payload: z.string().max(1000) }))
    .max(13)
    .optional(),
  /** Last time the student wrote; Messenger allows replies for 24 hours from then. */
  windowStart: z.iso.datetime(),
});
export type Reply = z.infer<typeof reply>;

/** bot → analytics (queue `analytics.events`) and scheduler (queue `scheduler.events`). */
const learningBase = { id: z.string().max(200), student: z.string().max(64), at: z.iso.datetime() };
export const learningEvent = z.discriminatedUnion('kind', [
  z.object({ ...learningBase, kind: z.literal('student.active'), timeZone: z.string().max(64).optional() }),
  z.object({ ...learningBase, kind: z.literal('session.started') }),
  z.object({ ...learningBase, kind: z.literal('session.ended'), answers: z.int().min(0), correct: z.int().min(0) }),
  z.object({ ...learningBase, kind: z.literal('student.placed'), level: z.string().max(2) }),
  z.object({
    ...learningBase,
    kind: z.literal('item.answered'),
    item: z.string().max(64),
    skill: z.string().max(64),
    level: z.string().max(2),
    correct: z.boolean(),
    /** Time to answer in milliseconds. */
    ms: z.int().min(0),
  }),
  z.object({ ...learningBase, kind: z.literal('reminders.changed'), on: z.boolean() }),
]);
export type LearningEvent = z.infer<typeof learningEvent>;

export const queues = {
  messages: 'bot.messages',
  nudges: 'bot.nudges',
  replies: 'gateway.replies',
  analytics: 'analytics.events',
  scheduler: 'scheduler.events',
} as const;
