import { type Pool, type PoolClient, transaction } from '../../platform/database/postgres';
import { type LearningEvent, type Nudge, queues } from '../../platform/messages';
import { inSpan, traceHeaders } from '../../platform/tracing';
import { type Decision, due, nextDue, type Settings } from './due';
import { after, type KnownStudent, unknownStudent } from './known';

const columns = `id, last_active, time_zone, time_zone_at, reminders, reminders_at, session_started_at, session_ended_at,
  reminded_for, expired_for`;

const lockThese = `select ${columns} from scheduler.students where id = any ($1::text[]) order by id for update`;

/** Rows that another instance has in hand are its business, or will be due at the next tick still. */
const lockDue = `select ${columns} from scheduler.students where next_due_at <= $1
  order by next_due_at limit $2 for update skip locked`;

const learn = `update scheduler.students as s set last_active = u.last_active, time_zone = u.time_zone,
    time_zone_at = u.time_zone_at, reminders = u.reminders, reminders_at = u.reminders_at,
    session_started_at = u.session_started_at, session_ended_at = u.session_ended_at, next_due_at = u.next_due_at
  from unnest($1::text[], $2::timestamptz[], $3::text[], $4::timestamptz[], $5::boolean[], $6::timestamptz[],
    $7::timestamptz[], $8::timestamptz[], $9::timestamptz[])
  as u (id, last_active, time_zone, time_zone_at, reminders, reminders_at, session_started_at, session_ended_at, next_due_at)
  where s.id = u.id`;

const mark = `update scheduler.students as s
  set reminded_for = u.reminded_for, expired_for = u.expired_for, next_due_at = u.next_due_at
  from unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[])
  as u (id, reminded_for, expired_for, next_due_at) where s.id = u.id`;

const writeNudges = `insert into scheduler.outbox (id, queue, body, headers)
  select id, $3, body::jsonb, $4::jsonb from unnest($1::text[], $2::text[]) as n (id, body)`;

/** Takes events into account; repeating them, in any order, changes nothing. Rows are locked by id, so nobody deadlocks. */
export async function learnFrom(
  pool: Pool,
  events: readonly LearningEvent[],
  settings: Settings,
  now: Date,
): Promise<void> {
  const ids = [...new Set(events.map(({ student }) => student))].sort();
  await transaction(pool, async (client) => {
    const known = new Map(ids.map((id) => [id, unknownStudent(id)]));
    for (const student of await lock(client, ids)) known.set(student.id, student);
    for (const event of events) known.set(event.student, after(known.get(event.student)!, event));
    const rows = [...known.values()];
    await client.query({
      name: 'scheduler.learn',
      text: learn,
      values: [
        rows.map(({ id }) => id),
        rows.map(({ lastActive }) => lastActive),
        rows.map(({ timeZone }) => timeZone),
        rows.map(({ timeZoneAt }) => timeZoneAt),
        rows.map(({ reminders }) => reminders),
        rows.map(({ remindersAt }) => remindersAt),
        rows.map(({ sessionStarted }) => sessionStarted),
        rows.map(({ sessionEnded }) => sessionEnded),
        rows.map((student) => nextDue(now, student, settings)),
      ],
    });
  });
}

async function lock(client: PoolClient, ids: readonly string[]): Promise<KnownStudent[]> {
  const read = () => client.query<Row>({ name: 'scheduler.lock', text: lockThese, values: [ids] });
  const first = await read();
  if (first.rows.length === ids.length) return first.rows.map(studentOf);
  await client.query('insert into scheduler.students (id) select unnest($1::text[]) on conflict do nothing', [ids]);
  return (await read()).rows.map(studentOf);
}

export interface Ticked {
  readonly students: number;
  readonly decisions: readonly Decision[];
}

/** One batch of what is due: marks and nudges in one transaction, so a nudge is written once, whoever ticks. */
export async function nudgeDue(pool: Pool, settings: Settings, now: Date, most: number): Promise<Ticked> {
  return transaction(pool, async (client) => {
    const { rows } = await client.query<Row>({ name: 'scheduler.due', text: lockDue, values: [now, most] });
    if (rows.length === 0) return { students: 0, decisions: [] };
    const decisions = due(now, rows.map(studentOf), settings);
    await client.query(mark, [
      decisions.map(({ student }) => student.id),
      decisions.map(({ student }) => student.remindedFor),
      decisions.map(({ student }) => student.expiredFor),
      decisions.map(({ next }) => next),
    ]);
    await tell(
      client,
      decisions.flatMap(({ nudges }) => nudges),
    );
    return { students: rows.length, decisions };
  });
}

async function tell(client: PoolClient, nudges: readonly Nudge[]): Promise<void> {
  if (nudges.length === 0) return;
  const ids = nudges.map(({ id }) => id);
  const bodies = nudges.map((nudge) => JSON.stringify(nudge));
  await inSpan('nudge students', {}, () =>
    client.query(writeNudges, [ids, bodies, queues.nudges, JSON.stringify(traceHeaders())]),
  );
}

interface Row {
  readonly id: string;
  readonly last_active: Date | null;
  readonly time_zone: string | null;
  readonly time_zone_at: Date | null;
  readonly reminders: boolean;
  readonly reminders_at: Date | null;
  readonly session_started_at: Date | null;
  readonly session_ended_at: Date | null;
  readonly reminded_for: Date | null;
  readonly expired_for: Date | null;
}

function studentOf(row: Row): KnownStudent {
  return {
    id: row.id,
    lastActive: row.last_active ?? undefined,
    timeZone: row.time_zone ?? undefined,
    timeZoneAt: row.time_zone_at ?? undefined,
    reminders: row.reminders,
    remindersAt: row.reminders_at ?? undefined,
    sessionStarted: row.session_started_at ?? undefined,
    sessionEnded: row.session_ended_at ?? undefined,
    remindedFor: row.reminded_for ?? undefined,
    expiredFor: row.expired_for ?? undefined,
  };
}
