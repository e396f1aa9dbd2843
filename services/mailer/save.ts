import type { Pool } from '../../platform/database/postgres';
import { type InboundMessage, queues, type StudentMessage } from '../../platform/messages';
import { traceHeaders } from '../../platform/tracing';

export interface Saved {
  readonly saved: readonly StudentMessage[];
  /** Ids of messages that were stored before, or twice in this batch. */
  readonly duplicates: readonly string[];
}

/**
 * Stores messages and their events in one statement: afterwards all of them are safe, or none is stored.
 * Each student's messages get the next numbers in the order given; a known `mid` changes nothing.
 */
export async function saveMessages(pool: Pool, messages: readonly InboundMessage[]): Promise<Saved> {
  const seen = new Set<string>();
  const given = messages.filter(({ mid }) => !seen.has(mid) && seen.add(mid));
  const values = [JSON.stringify(given), queues.messages, JSON.stringify(traceHeaders())];
  const { rows } = await untilAllIsSeen(() =>
    pool.query<{ mid: string; sequence: string }>({ name: 'mailer.save', text: save, values }),
  );
  const sequences = new Map(rows.map(({ mid, sequence }) => [mid, Number(sequence)]));
  const saved: StudentMessage[] = [];
  const duplicates: string[] = [];
  for (const message of messages) {
    const sequence = sequences.get(message.mid);
    sequences.delete(message.mid);
    if (sequence === undefined) duplicates.push(message.mid);
    else saved.push({ ...message, sequence });
  }
  return { saved, duplicates };
}

/**
 * Which messages are new is seen as of the statement's begin. What another saver commits while this one waits for its
 * lock on a student is refused by the key of `messages`, nothing is stored, and the next try sees it.
 */
async function untilAllIsSeen<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if ((error as { code?: unknown }).code !== UNIQUE_VIOLATION || attempt === MOST_TRIES) throw error;
    }
  }
}

const UNIQUE_VIOLATION = '23505';
/** Each lost one means that another saver has stored a message of this batch. */
const MOST_TRIES = 101;

/** Locks students in the order of their ids, so that two batches never wait for each other. */
const save = `
  with given as (
    select n, body, body->>'mid' as mid, body->>'student' as student
    from jsonb_array_elements($1::jsonb) with ordinality as g (body, n)),
  fresh as (
    select n, body, mid, student, row_number() over (partition by student order by n) as nth,
           count(*) over (partition by student) as added
    from given where (select k.mid from mailer.messages k where k.mid = given.mid) is null),
  numbered as (
    insert into mailer.students as s (id, sequence)
    select student, count(*) from fresh group by student order by student
    on conflict (id) do update set sequence = s.sequence + excluded.sequence
    returning id, sequence),
  placed as materialized (
    select f.n, f.body, f.mid, f.student, s.sequence - f.added + f.nth as sequence
    from fresh f join numbered s on s.id = f.student),
  stored as (
    insert into mailer.messages (mid, student, sequence, page, kind, text, payload, attachments, sent_at)
    select mid, student, sequence, body->>'page', body->>'kind', body->>'text', body->>'payload', body->'attachments',
           (body->>'sentAt')::timestamptz from placed),
  told as (
    insert into mailer.outbox (id, queue, body, headers)
    select mid, $2, body || jsonb_build_object('sequence', sequence), $3::jsonb from placed order by n)
  select mid, sequence from placed`;
