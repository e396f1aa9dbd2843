import type { Pool, PoolClient, Queryable } from '../../platform/database/postgres';
import { transaction } from '../../platform/database/postgres';
import { type LearningEvent, queues, type Reply, type StudentMessage } from '../../platform/messages';
import type { Written } from '../../platform/queue/outbox';
import { traceHeaders } from '../../platform/tracing';

/** A student as read. What is based on it takes effect only while nobody has changed the student since. */
export interface StudentRow {
  readonly id: string;
  readonly version: string;
  /** Sequence of the next message to handle. */
  readonly next: number;
  /** Sequence of the last reply. */
  readonly replies: number;
  readonly state: unknown;
}

/** What a message or a nudge leaves behind. */
export interface Effects {
  readonly state: unknown;
  readonly reply: Reply | undefined;
  readonly events: readonly LearningEvent[];
}

export interface WaitingMessage {
  readonly message: StudentMessage;
  readonly headers: Readonly<Record<string, string>>;
}

const columns = 's.id, s.version, s.next_sequence, s.reply_sequence, s.state';

/** Also tells whether a message of this id was handled under another number. */
const readFor = `select ${columns}, exists (select from bot.inbox where mid = $2 and handled_at is not null
    and (student, sequence) <> ($1, $3)) as before
  from bot.students s where s.id = $1`;

const readNext = `select ${columns}, i.body, i.headers from bot.students s
  join bot.inbox i on i.student = s.id and i.sequence = s.next_sequence and i.handled_at is null where s.id = $1`;

const lock = `select ${columns} from bot.students s where s.id = $1 for update`;

/** Nothing of it happens unless the student still has the version that was read. */
const settleMessage = `
  with won as (
    update bot.students set version = version + 1, next_sequence = $4::bigint + 1, reply_sequence = $5, state = $6,
      updated_at = now()
    where id = $1 and version = $2 returning id
  ), handled as (
    insert into bot.inbox (student, sequence, mid, handled_at) select id, $4::bigint, $3, now() from won
    on conflict (student, sequence) do update set handled_at = now(), body = null, headers = null
  ), told as (
    insert into bot.outbox (id, queue, body, headers)
    select o.id, o.queue, o.body::jsonb, $10::jsonb
    from won, unnest($7::text[], $8::text[], $9::text[]) as o (id, queue, body)
    returning position
  )
  select exists (select from bot.inbox where student = $1 and sequence = $4::bigint + 1 and handled_at is null) as more,
    array(select position from told) as positions
  from won`;

const settleNudge = `
  with told as (
    insert into bot.outbox (id, queue, body, headers)
    select o.id, o.queue, o.body::jsonb, $7::jsonb from unnest($4::text[], $5::text[], $6::text[]) as o (id, queue, body)
    returning position
  )
  update bot.students set version = version + 1, reply_sequence = $2, state = $3, updated_at = now() where id = $1
  returning array(select position from told) as positions`;

/** Scheduling needs to know who is there and what they wish; analytics is told everything. */
const schedulerKinds = new Set<LearningEvent['kind']>([
  'student.active',
  'session.started',
  'session.ended',
  'reminders.changed',
]);

interface Row {
  readonly id: string;
  readonly version: string;
  readonly next_sequence: string;
  readonly reply_sequence: string;
  readonly state: unknown;
}

interface Positions {
  readonly positions: readonly string[];
}

export async function readStudent(
  pool: Pool,
  message: StudentMessage,
): Promise<{ student: StudentRow; before: boolean } | undefined> {
  const values = [message.student, message.mid, message.sequence];
  const { rows } = await pool.query<Row & { before: boolean }>({ name: 'bot.read', text: readFor, values });
  return rows[0] && { student: studentOf(rows[0]), before: rows[0].before };
}

/** The student with the message that is next, if that waits already. */
export async function readWaiting(
  pool: Pool,
  id: string,
): Promise<(WaitingMessage & { student: StudentRow }) | undefined> {
  const { rows } = await pool.query<Row & { body: StudentMessage; headers: Record<string, string> }>({
    name: 'bot.next',
    text: readNext,
    values: [id],
  });
  return rows[0] && { student: studentOf(rows[0]), message: rows[0].body, headers: rows[0].headers };
}

export async function createStudent(db: Queryable, id: string): Promise<void> {
  const text = 'insert into bot.students (id) values ($1) on conflict do nothing';
  await db.query({ name: 'bot.student', text, values: [id] });
}

/** Locked until the transaction ends. */
export async function lockStudent(client: PoolClient, id: string): Promise<StudentRow> {
  const { rows } = await client.query<Row>(lock, [id]);
  if (rows[0]) return studentOf(rows[0]);
  await createStudent(client, id);
  return lockStudent(client, id);
}

/**
 * Keeps a message until its predecessor is handled; false when that has happened in the meantime. The version rises,
 * so whoever is at the predecessor right now looks again and finds this message.
 */
export async function keepWaiting(pool: Pool, message: StudentMessage): Promise<boolean> {
  return transaction(pool, async (client) => {
    const student = await lockStudent(client, message.student);
    if (message.sequence <= student.next) return false;
    await client.query(
      'insert into bot.inbox (student, sequence, mid, body, headers) values ($1, $2, $3, $4, $5) on conflict do nothing',
      [message.student, message.sequence, message.mid, JSON.stringify(message), JSON.stringify(traceHeaders())],
    );
    await client.query('update bot.students set version = version + 1 where id = $1', [message.student]);
    return true;
  });
}

export interface Settled {
  readonly written: Written;
  /** The next message waits already. */
  readonly more: boolean;
}

/** All effects of a message in one statement, or none: undefined when somebody was faster. */
export async function settle(
  pool: Pool,
  student: StudentRow,
  message: StudentMessage,
  effects: Effects,
): Promise<Settled | undefined> {
  const { mid, sequence } = message;
  const own = [
    student.id,
    student.version,
    mid,
    sequence,
    repliesAfter(student, effects),
    JSON.stringify(effects.state),
  ];
  const messages = outboxOf(effects);
  const values = [...own, ...columnsOf(messages)];
  const { rows } = await pool.query<Positions & { more: boolean }>({ name: 'bot.settle', text: settleMessage, values });
  return rows[0] && { more: rows[0].more, written: { messages, positions: rows[0].positions } };
}

/** False when the nudge was handled before. */
export async function claimNudge(client: PoolClient, id: string, student: string, kind: string): Promise<boolean> {
  const text = `insert into bot.nudges (id, student, kind, outcome) values ($1, $2, $3, 'taken') on conflict do nothing`;
  const { rowCount } = await client.query(text, [id, student, kind]);
  return rowCount === 1;
}

/** Under the lock of the student. */
export async function settleClaimed(
  client: PoolClient,
  id: string,
  outcome: string,
  student: StudentRow,
  effects: Effects,
): Promise<Written> {
  await client.query('update bot.nudges set outcome = $2 where id = $1', [id, outcome]);
  const own = [student.id, repliesAfter(student, effects), JSON.stringify(effects.state)];
  const messages = outboxOf(effects);
  const { rows } = await client.query<Positions>(settleNudge, [...own, ...columnsOf(messages)]);
  return { messages, positions: rows[0]?.positions ?? [] };
}

function studentOf(row: Row): StudentRow {
  const { id, version, state } = row;
  return { id, version, next: Number(row.next_sequence), replies: Number(row.reply_sequence), state };
}

function repliesAfter(student: StudentRow, effects: Effects): number {
  return student.replies + (effects.reply === undefined ? 0 : 1);
}

function outboxOf({ reply, events }: Effects): Written['messages'] {
  const headers = traceHeaders();
  return [
    ...(reply ? [{ queue: queues.replies, id: reply.id, body: reply, headers }] : []),
    ...events.map((body) => ({ queue: queues.analytics, id: body.id, body, headers })),
    ...events
      .filter(({ kind }) => schedulerKinds.has(kind))
      .map((body) => ({ queue: queues.scheduler, id: body.id, body, headers })),
  ];
}

function columnsOf(messages: Written['messages']): [string[], string[], string[], string] {
  return [
    messages.map(({ id }) => id),
    messages.map(({ queue }) => queue),
    messages.map(({ body }) => JSON.stringify(body)),
    JSON.stringify(messages[0]?.headers ?? {}),
  ];
}
