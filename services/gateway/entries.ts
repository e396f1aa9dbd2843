import { z } from 'zod';

/**
 * The parts of a webhook call that Edwin reads. Everything is tolerant: Facebook adds kinds of events without notice,
 * and one strange event must not cost the others of its batch.
 */
export const notification = z.object({ object: z.string(), entry: z.array(z.unknown()) });

export const entry = z.object({
  id: z.coerce.string().catch(''),
  messaging: z.array(z.unknown()).catch([]),
});

const party = z.object({ id: z.coerce.string().min(1) });
const optional = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);

const attachment = z.object({
  type: z.string().catch('unknown'),
  payload: optional(z.object({ url: optional(z.string()) })),
});
export type Attachment = z.infer<typeof attachment>;

export const event = z.object({
  sender: optional(party),
  recipient: optional(party),
  timestamp: optional(z.number()),
  message: optional(
    z.object({
      mid: optional(z.string()),
      text: optional(z.string()),
      is_echo: optional(z.boolean()),
      metadata: optional(z.string()),
      quick_reply: optional(z.object({ payload: z.string() })),
      attachments: optional(z.array(attachment).min(1)),
    }),
  ),
  postback: optional(
    z.object({ mid: optional(z.string()), title: optional(z.string()), payload: optional(z.string()) }),
  ),
  delivery: optional(z.object({ mids: z.array(z.string()).catch([]), watermark: optional(z.number()) })),
  read: optional(z.object({ watermark: optional(z.number()) })),
});
export type Event = z.infer<typeof event>;
