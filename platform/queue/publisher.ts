import { SpanKind } from '@opentelemetry/api';
import { asPortError, isConnectionLoss, type Pool, whereOf } from '../database/postgres';
import { messagesPublished } from '../metrics';
import { inSpan, traceHeaders } from '../tracing';
import type { OutgoingMessage } from './queue';
import { store } from './statements';

const BODY_LIMIT_BYTES = 1024 * 1024;
const BATCH_LIMIT = 500;
const BATCH_LIMIT_BYTES = 8 * 1024 * 1024;

interface Row {
  readonly queue: string;
  readonly id: string;
  readonly body: string;
  readonly headers: string;
}

interface Waiting {
  readonly rows: readonly Row[];
  readonly bytes: number;
  resolve(): void;
  reject(error: unknown): void;
}

export interface Publisher {
  publish(queue: string, messages: readonly OutgoingMessage[]): Promise<void>;
  /** Resolves when nothing waits to be stored. */
  idle(): Promise<void>;
}

/** Stores messages; what is published while a statement runs goes with the next one, so many callers share a commit. */
export function createPublisher(pool: Pool, url: string): Publisher {
  const waiting: Waiting[] = [];
  let working: Promise<void> | undefined;

  const work = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve)); // what is published together is stored together
    while (waiting.length > 0) {
      const batch = takeBatch(waiting);
      const rows = batch.flatMap((part) => part.rows);
      try {
        await insert(pool, rows);
        for (const part of batch) part.resolve();
      } catch (error) {
        for (const part of batch) part.reject(asPortError(error, 'queue', whereOf(url)));
      }
    }
    working = undefined;
  };

  const add = (rows: readonly Row[]): Promise<void> =>
    new Promise((resolve, reject) => {
      const bytes = rows.reduce((sum, row) => sum + row.body.length + row.headers.length, 0);
      waiting.push({ rows, bytes, resolve, reject });
      working ??= work();
    });

  const publish = async (queue: string, messages: readonly OutgoingMessage[]): Promise<void> => {
    const texts = messages.map(bodyOf);
    const rowOf = (index: number): Row => {
      const { id, headers } = messages[index]!;
      return { queue, id, body: texts[index]!, headers: JSON.stringify({ ...headers, ...traceHeaders() }) };
    };
    const parts = [...byTrace(messages)].map(([parent, indexes]) => {
      const { id } = messages[indexes[0]!]!;
      const options = spanOf(queue, {
        ...(parent !== undefined && { parent }),
        ...(indexes.length === 1 ? { id } : { count: indexes.length }),
      });
      return inSpan(`publish ${queue}`, options, () => add(indexes.map(rowOf)));
    });
    const failed = (await Promise.allSettled(parts)).find((part) => part.status === 'rejected');
    if (failed) throw failed.reason;
    messagesPublished.inc({ queue }, messages.length);
  };

  return { publish, idle: async () => working };
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

function spanOf(
  queue: string,
  { parent, id, count }: { parent?: Readonly<Record<string, string>>; id?: string; count?: number },
) {
  const attributes = {
    'messaging.system': 'postgresql',
    'messaging.destination.name': queue,
    'messaging.operation.type': 'send',
    'messaging.operation.name': 'publish',
    ...(id !== undefined && { 'messaging.message.id': id }),
    ...(count !== undefined && { 'messaging.batch.message_count': count }),
  };
  return { kind: SpanKind.PRODUCER, attributes, ...(parent && { parent }) };
}

function bodyOf({ id, body }: OutgoingMessage): string {
  const text = JSON.stringify(body) as string | undefined;
  if (text === undefined) throw new TypeError(`The body of message ${id} is not JSON`);
  if (Buffer.byteLength(text) > BODY_LIMIT_BYTES)
    throw new RangeError(`The body of message ${id} is larger than 1 MiB`);
  if (id === '' || id.includes('\0')) throw new RangeError(`A message has no usable id: ${JSON.stringify(id)}`);
  return text;
}

function takeBatch(waiting: Waiting[]): Waiting[] {
  let count = 0;
  let rows = 0;
  let bytes = 0;
  for (const part of waiting) {
    rows += part.rows.length;
    bytes += part.bytes;
    if (count > 0 && (rows > BATCH_LIMIT || bytes > BATCH_LIMIT_BYTES)) break;
    count++;
  }
  return waiting.splice(0, count);
}

/** Repeated once after a lost connection: the ids make that safe, and one that idled may have been cut long ago. */
async function insert(pool: Pool, rows: readonly Row[]): Promise<void> {
  const column = (name: keyof Row): string[] => rows.map((row) => row[name]);
  const values = [column('queue'), column('id'), column('body'), column('headers')];
  const run = () => pool.query({ name: 'queue.store', text: store, values });
  try {
    await run();
  } catch (error) {
    if (!isConnectionLoss(error)) throw error;
    await run();
  }
}
