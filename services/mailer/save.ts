import { type Pool, type PoolClient, transaction } from '../../platform/database/postgres';
import { type InboundMessage, queues, type StudentMessage } from '../../platform/messages';
import { writeOutbox } from '../../platform/queue/outbox';

export interface Saved {
  readonly saved: readonly StudentMessage[];
  /** Ids of messages that were stored before, or twice in this batch. */
  readonly duplicates: readonly string[];
}

/**
 * Stores messages and their events in one transaction: afterwards all of them are safe, or none is stored.
 * Each student's messages get the next numbers in the order given; a known `mid` changes nothing.
 */
export function saveMessages(pool: Pool, messages: readonly InboundMessage[]): Promise<Saved> {
  return transaction(pool, async (client) => {
    const sequences = await lockStudents(client, messages);
    const known = await knownMids(client, messages);
    const saved: StudentMessage[] = [];
    const duplicates: string[] = [];
    for (const message of messages) {
      if (known.has(message.mid)) {
        duplicates.push(message.mid);
        continue;
      }
      known.add(message.mid);
      const sequence = (sequences.get(message.student) ?? 0) + 1;
      sequences.set(message.student, sequence);
      saved.push({ ...message, sequence });
    }
    if (saved.length > 0) await insert(client, saved, sequences);
    return { saved, duplicates };
  });
}

/** Locks in the order of ids, so that two batches never wait for each other. Returns the last number of each student. */
async function lockStudents(client: PoolClient, messages: readonly InboundMessage[]): Promise<Map<string, number>> {
  const students = [...new Set(messages.map(({ student }) => student))].sort();
  const { rows } = await client.query<{ id: string; sequence: string }>(
    `insert into mailer.students (id) select unnest($1::text[])
     on conflict (id) do update set id = excluded.id returning id, sequence`,
    [students],
  );
  return new Map(rows.map(({ id, sequence }) => [id, Number(sequence)]));
}

/** Asked after the lock, in a statement of its own: it sees what the lock's last holder committed. */
async function knownMids(client: PoolClient, messages: readonly InboundMessage[]): Promise<Set<string>> {
  const { rows } = await client.query<{ mid: string }>('select mid from mailer.messages where mid = any($1)', [
    messages.map(({ mid }) => mid),
  ]);
  return new Set(rows.map(({ mid }) => mid));
}

async function insert(
  client: PoolClient,
  saved: readonly StudentMessage[],
  sequences: ReadonlyMap<string, number>,
): Promise<void> {
  await client.query(
    `with added as (
       insert into mailer.messages (mid, student, sequence, page, kind, text, payload, attachments, sent_at)
       select mid, student, sequence, page, kind, text, payload, attachments, "sentAt"
       from jsonb_to_recordset($1::jsonb) as m (mid text, student text, sequence bigint, page text, kind text, text text,
                                                payload text, attachments jsonb, "sentAt" timestamptz))
     update mailer.students s set sequence = n.sequence
     from (select * from unnest($2::text[], $3::bigint[]) as n (id, sequence)) n where s.id = n.id`,
    [JSON.stringify(saved), [...sequences.keys()], [...sequences.values()]],
  );
  for (const message of saved) await writeOutbox(client, 'mailer', queues.messages, { id: message.mid, body: message });
}
