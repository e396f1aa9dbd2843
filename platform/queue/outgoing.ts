import { SpanKind } from '@opentelemetry/api';
import { messagesPublished } from '../metrics';
import { inSpan, traceHeaders } from '../tracing';
import type { OutgoingMessage } from './queue';

const BODY_LIMIT_BYTES = 1024 * 1024;

/** A message as it is stored: body as JSON text, headers with the trace context of its publication. */
export interface StoredMessage {
  readonly id: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Publishes messages by `store`, each trace's together and inside a span of it. `system` is OpenTelemetry's
 * `messaging.system`. @throws RangeError, TypeError before anything is stored, for a message that is none
 */
export async function publishTraced(
  system: string,
  queue: string,
  messages: readonly OutgoingMessage[],
  store: (messages: readonly StoredMessage[]) => Promise<void>,
): Promise<void> {
  const texts = messages.map(bodyOf);
  const storedOf = (index: number): StoredMessage => {
    const { id, headers } = messages[index]!;
    return { id, body: texts[index]!, headers: { ...headers, ...traceHeaders() } };
  };
  const parts = [...byTrace(messages)].map(([parent, indexes]) => {
    const { id } = messages[indexes[0]!]!;
    const attributes = {
      'messaging.system': system,
      'messaging.destination.name': queue,
      'messaging.operation.type': 'send',
      'messaging.operation.name': 'publish',
      ...(indexes.length === 1 ? { 'messaging.message.id': id } : { 'messaging.batch.message_count': indexes.length }),
    };
    const options = { kind: SpanKind.PRODUCER, attributes, ...(parent && { parent }) };
    return inSpan(`publish ${queue}`, options, () => store(indexes.map(storedOf)));
  });
  const failed = (await Promise.allSettled(parts)).find((part) => part.status === 'rejected');
  if (failed) throw failed.reason;
  messagesPublished.inc({ queue }, messages.length);
}

/** Messages of one trace are one publication of it; undefined: those that continue the active one. */
function byTrace(messages: readonly OutgoingMessage[]): Map<Readonly<Record<string, string>> | undefined, number[]> {
  const parents = new Map<string | undefined, Readonly<Record<string, string>> | undefined>();
  const groups = new Map<Readonly<Record<string, string>> | undefined, number[]>();
  for (const [index, { headers }] of messages.entries()) {
    const traceparent = headers?.['traceparent'];
    if (!parents.has(traceparent)) parents.set(traceparent, traceparent === undefined ? undefined : headers);
    const parent = parents.get(traceparent);
    const group = groups.get(parent);
    if (group) group.push(index);
    else groups.set(parent, [index]);
  }
  return groups;
}

function bodyOf({ id, body }: OutgoingMessage): string {
  const text = JSON.stringify(body) as string | undefined;
  if (text === undefined) throw new TypeError(`The body of message ${id} is not JSON`);
  if (Buffer.byteLength(text) > BODY_LIMIT_BYTES)
    throw new RangeError(`The body of message ${id} is larger than 1 MiB`);
  if (id === '' || id.includes('\0')) throw new RangeError(`A message has no usable id: ${JSON.stringify(id)}`);
  return text;
}
