import { asPortError, isConnectionLoss, type Pool, whereOf } from '../database/postgres';
import { publishTraced } from './outgoing';
import type { OutgoingMessage } from './queue';
import { store } from './statements';
import type { Tally } from './tally';

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
export function createPublisher(pool: Pool, url: string, tally: Tally): Publisher {
  const waiting: Waiting[] = [];
  let working: Promise<void> | undefined;

  const work = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve)); // what is published together is stored together
    while (waiting.length > 0) {
      const batch = takeBatch(waiting);
      const rows = batch.flatMap((part) => part.rows);
      try {
        for (const { queue, count } of await insert(pool, rows)) tally.arrived(queue, count);
        for (const part of batch) part.resolve();
      } catch (error) {
        if (isConnectionLoss(error)) batch.push(...waiting.splice(0)); // they would only wait as long once more
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

  const publish = (queue: string, messages: readonly OutgoingMessage[]): Promise<void> =>
    publishTraced('postgresql', queue, messages, (stored) =>
      add(stored.map(({ id, body, headers }) => ({ queue, id, body, headers: JSON.stringify(headers) }))),
    );

  return { publish, idle: async () => working };
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
async function insert(pool: Pool, rows: readonly Row[]): Promise<{ queue: string; count: number }[]> {
  const column = (name: keyof Row): string[] => rows.map((row) => row[name]);
  const values = [column('queue'), column('id'), column('body'), column('headers')];
  const run = async () =>
    (await pool.query<{ queue: string; count: number }>({ name: 'queue.store', text: store, values })).rows;
  try {
    return await run();
  } catch (error) {
    if (!isConnectionLoss(error)) throw error;
    return run();
  }
}
