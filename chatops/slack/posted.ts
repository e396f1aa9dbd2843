import type { Pool } from '../../platform/database/postgres';

/** Where the message of an operation is, and which of its parts stand. */
export interface Posted {
  readonly operation: number;
  readonly channel: string;
  readonly ts: string;
  readonly threadTs: string;
  readonly alarmTs: string;
  readonly settled: boolean;
  /** The row was there before: an earlier process may have posted without living long enough to note it. */
  readonly known: boolean;
}

interface Row {
  operation: string;
  channel: string;
  ts: string;
  thread_ts: string;
  alarm_ts: string;
  settled: boolean;
}

/** Table `audit.messages`, by which messages are found again after a crash. */
export interface PostedMessages {
  /** The row of an operation, made when there is none. */
  claim(operation: number): Promise<Posted>;
  find(operation: number): Promise<Posted | undefined>;
  note(
    operation: number,
    changes: { channel?: string; ts?: string; threadTs?: string; alarmTs?: string; settled?: boolean },
  ): Promise<void>;
  /** Of these operations, those about which nothing is left to say. */
  settled(operations: readonly number[]): Promise<number[]>;
}

export function openPostedMessages(pool: Pool): PostedMessages {
  const read = async (operation: number, known: boolean): Promise<Posted | undefined> => {
    const { rows } = await pool.query<Row>('select * from audit.messages where operation = $1', [operation]);
    const row = rows[0];
    return (
      row && {
        operation,
        channel: row.channel,
        ts: row.ts,
        threadTs: row.thread_ts,
        alarmTs: row.alarm_ts,
        settled: row.settled,
        known,
      }
    );
  };
  return {
    async claim(operation) {
      const made = await pool.query('insert into audit.messages (operation) values ($1) on conflict do nothing', [
        operation,
      ]);
      return (await read(operation, made.rowCount === 0))!;
    },
    find: (operation) => read(operation, true),
    async note(operation, { channel, ts, threadTs, alarmTs, settled }) {
      await pool.query(
        `update audit.messages set channel = coalesce($2, channel), ts = coalesce($3, ts), thread_ts = coalesce($4, thread_ts),
           alarm_ts = coalesce($5, alarm_ts), settled = coalesce($6, settled) where operation = $1`,
        [operation, channel ?? null, ts ?? null, threadTs ?? null, alarmTs ?? null, settled ?? null],
      );
    },
    async settled(operations) {
      const { rows } = await pool.query<{ operation: string }>(
        'select operation from audit.messages where settled and operation = any($1)',
        [operations],
      );
      return rows.map((row) => Number(row.operation));
    },
  };
}
