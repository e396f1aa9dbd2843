import type { PoolClient } from '../../platform/database/postgres';
import { type LearningEvent, queues, type Reply, type StudentMessage } from '../../platform/messages';
import { traceHeaders } from '../../platform/tracing';

/** A student's row, locked until the transaction ends: whoever has it is the only one who works for this student. */
export interface LockedStudent {
  readonly id: string;
  /** Sequence of the next message to handle. */
  readonly next: number;
  /** Sequence of the last reply. */
  readonly replies: number;
  readonly state: unknown;
}

/** What a transaction leaves behind. */
export interface Effects {
  readonly state: unknown;
  readonly reply: Reply | undefined;
  readonly events: readonly LearningEvent[];
}

export interface WaitingMessage {
  readonly message: StudentMessage;
  readonly headers: Readonly<Record<string, string>>;
}

const lockStatement = `select next_sequence, reply_sequence, state from bot.students where id = $1 for update`;

/** Scheduling needs to know who is there and what they wish; analytics is told everything. */
const schedulerKinds = new Set<LearningEvent['kind']>([
  'student.active',
  'session.started',
  'session.ended',
  'reminders.changed',
]);

const writeOutbox = `insert into bot.outbox (id, queue, body, headers)
  select id, queue, body::jsonb, $4::jsonb from unnest($1::text[], $2::text[], $3::text[]) as written (id, queue, body)`;

const settleMessage = `
  with handled as (
    insert into bot.inbox (student, sequence, mid, handled_at) values ($5, $6::bigint, $7, now())
    on conflict (student, sequence) do update set handled_at = now(), body = null, headers = null
  ), told as (${writeOutbox})
  update bot.students set next_sequence = $6::bigint + 1, reply_sequence = $8, state = $9, updated_at = now() where id = $5
  returning exists (select from bot.inbox where student = $5 and sequence = $6::bigint + 1 and handled_at is null) as more`;

const settleNudge = `
  with told as (${writeOutbox})
  update bot.students set reply_sequence = $6, state = $7, updated_at = now() where id = $5`;

export async function lockStudent(client: PoolClient, id: string): Promise<LockedStudent> {
  const lock = () => client.query<Row>({ name: 'bot.lock', text: lockStatement, values: [id] });
  let { rows } = await lock();
  if (rows.length === 0) {
    await client.query('insert into bot.students (id) values ($1) on conflict do nothing', [id]);
    ({ rows } = await lock());
  }
  const row = rows[0]!;
  return { id, next: Number(row.next_sequence), replies: Number(row.reply_sequence), state: row.state };
}

interface Row {
  readonly next_sequence: string;
  readonly reply_sequence: string;
  readonly state: unknown;
}

/** True when a message of this id was handled under another sequence. */
export async function handledBefore(client: PoolClient, message: StudentMessage): Promise<boolean> {
  const text =
    'select 1 from bot.inbox where mid = $1 and handled_at is not null and (student, sequence) <> ($2, $3) limit 1';
  const values = [message.mid, message.student, message.sequence];
  const { rows } = await client.query({ name: 'bot.before', text, values });
  return rows.length > 0;
}

/** Keeps a message until its predecessor is handled. */
export async function keepWaiting(client: PoolClient, message: StudentMessage): Promise<void> {
  await client.query(
    'insert into bot.inbox (student, sequence, mid, body, headers) values ($1, $2, $3, $4, $5) on conflict do nothing',
    [message.student, message.sequence, message.mid, JSON.stringify(message), JSON.stringify(traceHeaders())],
  );
}

export async function waitingMessage(client: PoolClient, student: LockedStudent): Promise<WaitingMessage | undefined> {
  const { rows } = await client.query<{ body: StudentMessage; headers: Record<string, string> }>(
    'select body, headers from bot.inbox where student = $1 and sequence = $2 and handled_at is null',
    [student.id, student.next],
  );
  return rows[0] && { message: rows[0].body, headers: rows[0].headers };
}

/** Writes a message's effects in one statement; tells whether the next message already waits. */
export async function settle(
  client: PoolClient,
  student: LockedStudent,
  message: StudentMessage,
  effects: Effects,
): Promise<boolean> {
  const { mid, sequence } = message;
  const values = [
    ...outboxColumns(effects),
    student.id,
    sequence,
    mid,
    repliesAfter(student, effects),
    JSON.stringify(effects.state),
  ];
  const { rows } = await client.query<{ more: boolean }>({ name: 'bot.settle', text: settleMessage, values });
  return rows[0]?.more ?? false;
}

/** False when the nudge was handled before. */
export async function claimNudge(client: PoolClient, id: string, student: string, kind: string): Promise<boolean> {
  const text = `insert into bot.nudges (id, student, kind, outcome) values ($1, $2, $3, 'taken') on conflict do nothing`;
  const { rowCount } = await client.query(text, [id, student, kind]);
  return rowCount === 1;
}

export async function settleClaimed(
  client: PoolClient,
  id: string,
  outcome: string,
  student: LockedStudent,
  effects: Effects,
): Promise<void> {
  await client.query('update bot.nudges set outcome = $2 where id = $1', [id, outcome]);
  const values = [...outboxColumns(effects), student.id, repliesAfter(student, effects), JSON.stringify(effects.state)];
  await client.query({ name: 'bot.nudge', text: settleNudge, values });
}

function repliesAfter(student: LockedStudent, effects: Effects): number {
  return student.replies + (effects.reply === undefined ? 0 : 1);
}

function outboxColumns({ reply, events }: Effects): [string[], string[], string[], string] {
  const rows = [
    ...(reply ? [{ queue: queues.replies, body: reply }] : []),
    ...events.map((body) => ({ queue: queues.analytics, body })),
    ...events.filter(({ kind }) => schedulerKinds.has(kind)).map((body) => ({ queue: queues.scheduler, body })),
  ];
  return [
    rows.map(({ body }) => body.id),
    rows.map(({ queue }) => queue),
    rows.map(({ body }) => JSON.stringify(body)),
    JSON.stringify(traceHeaders()),
  ];
}
