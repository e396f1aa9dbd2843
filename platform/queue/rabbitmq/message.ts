import type { ConsumeMessage, GetMessage, Options } from 'amqplib';
import type { StoredMessage } from '../outgoing';
import type { DeadMessage, IncomingMessage } from '../queue';

/** Our own headers; everything else belongs to the publisher or the server. */
const own = {
  /** Milliseconds since 1970; the property `timestamp` counts seconds. */
  publishedAt: 'edwin-published-at',
  /** Deliveries before the message came into the queue where it is now. */
  attempts: 'edwin-attempts',
  diedAt: 'edwin-died-at',
  reason: 'edwin-reason',
  /** The id, where it is longer than the property `messageId` may be. */
  id: 'edwin-id',
} as const;
const ID_LIMIT_BYTES = 255;

/** What goes to the server for one message. `mandatory`: it comes back when there is no queue for it. */
export interface Parcel {
  readonly content: Buffer;
  readonly options: Options.Publish;
}

export function parcelOf({ id, body, headers }: StoredMessage, now: number): Parcel {
  const short = Buffer.byteLength(id) <= ID_LIMIT_BYTES;
  return {
    content: Buffer.from(body),
    options: {
      persistent: true,
      mandatory: true,
      contentType: 'application/json',
      timestamp: Math.floor(now / 1000),
      ...(short && { messageId: id }),
      headers: { ...headers, [own.publishedAt]: now, ...(!short && { [own.id]: id }) },
    },
  };
}

type Received = ConsumeMessage | GetMessage;

/** The same message for another queue: to pause, with the deliveries it had; to be dead, with the reason; or anew. */
export function repacked(
  message: Received,
  change: { readonly attempts?: number; readonly diedAt?: number; readonly reason?: string },
): Parcel {
  const { contentType, messageId, timestamp } = message.properties;
  const kept = Object.entries(message.properties.headers ?? {}).filter(
    ([name]) => !fromServer(name) && name !== own.attempts && name !== own.diedAt && name !== own.reason,
  );
  return {
    content: message.content,
    options: {
      persistent: true,
      mandatory: true,
      contentType,
      messageId,
      timestamp,
      headers: {
        ...Object.fromEntries(kept),
        ...(change.attempts !== undefined && { [own.attempts]: change.attempts }),
        ...(change.diedAt !== undefined && { [own.diedAt]: change.diedAt }),
        ...(change.reason !== undefined && { [own.reason]: change.reason }),
      },
    },
  };
}

/** @throws SyntaxError when its body is not JSON: then it was not published by us */
export function incomingOf(message: Received): IncomingMessage {
  return { ...envelopeOf(message), body: JSON.parse(message.content.toString()) as unknown };
}

/** Everything but the body, which may be unreadable. */
export function envelopeOf(message: Received): Omit<IncomingMessage, 'body'> {
  const { messageId, timestamp } = message.properties;
  const headers: Record<string, unknown> = message.properties.headers ?? {};
  const strings = Object.entries(headers).filter(
    (entry): entry is [string, string] =>
      typeof entry[1] === 'string' && !fromServer(entry[0]) && !Object.values<string>(own).includes(entry[0]),
  );
  return {
    id: String(headers[own.id] ?? messageId ?? ''),
    headers: Object.fromEntries(strings),
    attempt: number(headers[own.attempts], 0) + number(headers['x-delivery-count'], 0) + 1,
    publishedAt: new Date(number(headers[own.publishedAt], number(timestamp, 0) * 1000)),
  };
}

interface Death {
  readonly reason: string;
  readonly time: { readonly value: number };
}

/** A message that a consumer put aside says why; one that the server put aside was lost with all its consumers. */
export function deadOne(message: Received, deliveryLimit: number): DeadMessage {
  const envelope = envelopeOf(message);
  const headers: Record<string, unknown> = message.properties.headers ?? {};
  const before = number(headers[own.attempts], 0);
  const byServer = (headers['x-death'] as readonly Death[] | undefined)?.find(({ reason }) => reason !== 'expired');
  const diedAt = number(headers[own.diedAt], number(byServer?.time.value, 0) * 1000);
  const text = message.content.toString();
  return {
    ...envelope,
    body: isJson(text) ? JSON.parse(text) : text,
    attempt: headers[own.reason] === undefined ? before + deliveryLimit : before,
    diedAt: new Date(diedAt),
    reason: String(headers[own.reason] ?? 'Its consumers were lost, each time it was delivered'),
  };
}

function fromServer(name: string): boolean {
  return name === 'x-death' || name === 'x-delivery-count' || /^x-(first|last)-death-/.test(name);
}

function number(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
