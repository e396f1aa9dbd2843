import { createHash } from 'node:crypto';
import type { InboundMessage } from '../../platform/messages';
import { type Attachment, type Event, entry, event, notification } from './entries';

/** A message of ours that Facebook shows back: proof that a send arrived. */
export interface Echo {
  readonly student: string;
  readonly mid: string;
  /** The reply's id, when we sent it. */
  readonly metadata: string;
}

export interface Webhook {
  readonly messages: readonly InboundMessage[];
  readonly echoes: readonly Echo[];
  /** Message ids that Facebook says were delivered. */
  readonly delivered: readonly string[];
  /** Events of other kinds: read receipts, reactions, and whatever is new. */
  readonly others: number;
}

/** Reads a webhook call in the order of its events; undefined when it is none of a page. Never throws. */
export function parseWebhook(body: unknown, now: Date): Webhook | undefined {
  const parsed = notification.safeParse(body);
  if (!parsed.success || parsed.data.object !== 'page') return undefined;
  const result = { messages: [] as InboundMessage[], echoes: [] as Echo[], delivered: [] as string[], others: 0 };
  for (const { page, item } of parsed.data.entry.flatMap(eventsOf)) {
    const message = inbound(item, page, now);
    const echo = echoOf(item);
    if (message) result.messages.push(message);
    else if (echo) result.echoes.push(echo);
    else if (item.delivery) result.delivered.push(...item.delivery.mids);
    else result.others += 1;
  }
  return result;
}

function eventsOf(value: unknown): { page: string; item: Event }[] {
  const parsed = entry.safeParse(value);
  if (!parsed.success) return [];
  return parsed.data.messaging.map((raw) => ({
    page: clean(parsed.data.id, 64),
    item: event.safeParse(raw).data ?? {},
  }));
}

function inbound({ sender, timestamp, message, postback }: Event, page: string, now: Date): InboundMessage | undefined {
  const student = clean(sender?.id ?? '', 65);
  if (student === '' || student.length > 64 || message?.is_echo) return undefined;
  const sentAt = dateOf(timestamp, now).toISOString();
  if (postback) {
    const text = clean(postback.title ?? '', 4000);
    const mid =
      postback.mid ||
      `postback:${digest(`${student}\n${timestamp ?? sentAt}\n${postback.title}\n${postback.payload}`)}`;
    return { mid: midOf(mid), student, page, kind: 'postback', text, ...payloadOf(postback.payload), sentAt };
  }
  if (!message?.mid) return undefined;
  const base = { mid: midOf(message.mid), student, page, text: clean(message.text ?? '', 4000), sentAt };
  if (message.quick_reply) return { ...base, kind: 'quick_reply', ...payloadOf(message.quick_reply.payload) };
  // a link in a text comes with a preview as attachment: what has words is a text
  if (message.text) return { ...base, kind: 'text' };
  if (message.attachments === undefined) return undefined;
  return { ...base, kind: 'attachment', attachments: message.attachments.slice(0, 30).map(attachmentOf) };
}

function attachmentOf({ type, payload }: Attachment): { type: string; url?: string } {
  const url = clean(payload?.url ?? '', 4001);
  return { type: clean(type, 40), ...(url !== '' && url.length <= 4000 && { url }) };
}

function echoOf({ recipient, message }: Event): Echo | undefined {
  if (!message?.is_echo || !message.mid || !message.metadata || !recipient) return undefined;
  return { student: clean(recipient.id, 65), mid: clean(message.mid, 4000), metadata: clean(message.metadata, 1000) };
}

function payloadOf(payload: string | undefined): { payload?: string } {
  return payload === undefined ? {} : { payload: clean(payload, 2000) };
}

/** Longer ids than anyone has seen are replaced by their digest: still the same for the same message. */
function midOf(mid: string): string {
  const cleaned = clean(mid, Number.POSITIVE_INFINITY);
  return cleaned.length <= 256 ? cleaned : `long:${digest(cleaned)}`;
}

function dateOf(timestamp: number | undefined, now: Date): Date {
  const date = new Date(timestamp ?? Number.NaN);
  const year = date.getUTCFullYear();
  return year >= 2000 && year < 3000 ? date : now;
}

/** Without U+0000 and lone surrogates, which PostgreSQL refuses, and cut without leaving half a character. */
function clean(text: string, length: number): string {
  const whole = text.replace(/\0|\p{Surrogate}/gu, '\uFFFD');
  return whole.length <= length ? whole : whole.slice(0, length).replace(/\p{Surrogate}$/u, '');
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
