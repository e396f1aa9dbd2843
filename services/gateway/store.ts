import { liveSessions } from '../../platform/database/listen';
import type { Pool } from '../../platform/database/postgres';
import type { Reply } from '../../platform/messages';
import type { Echo } from './parse';

/** The right to send to one student, until it is released, or its session ends and another takes it. */
export interface Claim {
  readonly student: string;
  readonly fence: string;
}

export interface Send {
  readonly id: string;
  readonly student: string;
  readonly sequence: number;
  readonly inReplyTo: string | undefined;
  readonly text: string;
  readonly quickReplies: { title: string; payload: string }[] | undefined;
  readonly windowStart: Date;
  readonly headers: Record<string, string>;
  readonly state: 'queued' | 'sending' | 'sent' | 'failed';
  readonly attempt: number;
  readonly rejections: number;
  readonly looks: number;
  readonly startedAt: Date | undefined;
  readonly firstStartedAt: Date | undefined;
}

/** What a holder sees: the reply whose turn it is, if it has arrived. `now` is the database's clock. */
export interface View {
  readonly now: Date;
  readonly arrived: string;
  readonly send: Send | undefined;
}

/** Longer than any call of the Send API: only a process that stands still loses a claim by it. */
const LEASE = "interval '30 seconds'";

/** Table `gateway.sends`: what is to be sent, in which order, by whom, and what became of it. */
export class SendStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Stores a reply once, whatever is redelivered. Returns false when it was there. */
  async add(reply: Reply, headers: Record<string, string>): Promise<boolean> {
    const { rowCount } = await this.#pool.query(
      `with added as (
         insert into gateway.sends (id, student, sequence, in_reply_to, text, quick_replies, window_start, headers)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing returning student)
       insert into gateway.students (id, arrived, wake_at) select student, 1, now() from added
       on conflict (id) do update set arrived = students.arrived + 1, wake_at = coalesce(students.wake_at, now())`,
      [
        reply.id,
        reply.student,
        reply.sequence,
        reply.inReplyTo ?? null,
        reply.text,
        reply.quickReplies ? JSON.stringify(reply.quickReplies) : null,
        reply.windowStart,
        JSON.stringify(headers),
      ],
    );
    return rowCount === 1;
  }

  /**
   * Takes up to `most` students with something due. A claim is free when its session is gone; after a restart of the
   * database, which ends every session, when its lease is over.
   */
  async claim(session: string, most: number): Promise<Claim[]> {
    const { rows } = await this.#pool.query<Claim>(
      `with due as (
         select id from gateway.students s
         where wake_at <= now() and (holder is null or lease_until < now()
           or (split_part(holder, '@', 2)::numeric >= extract(epoch from pg_postmaster_start_time()) and holder not in (${liveSessions})))
         order by wake_at limit $2 for update skip locked)
       update gateway.students s set holder = $1, lease_until = now() + ${LEASE}, fence = fence + 1
       from due where s.id = due.id returning s.id as student, s.fence`,
      [session, most],
    );
    return rows;
  }

  async adopt(before: string, after: string): Promise<void> {
    await this.#pool.query(
      `update gateway.students set holder = $2, lease_until = now() + ${LEASE} where holder = $1`,
      [before, after],
    );
  }

  async renew(session: string): Promise<void> {
    await this.#pool.query(`update gateway.students set lease_until = now() + ${LEASE} where holder = $1`, [session]);
  }

  /** Undefined when the claim is lost. */
  async view({ student, fence }: Claim): Promise<View | undefined> {
    const { rows } = await this.#pool.query(
      `select now() as now, s.arrived, n.id, n.sequence, n.in_reply_to, n.text, n.quick_replies, n.window_start, n.headers,
              n.state, n.attempt, n.rejections, n.looks, n.started_at, n.first_started_at
       from gateway.students s left join gateway.sends n on n.student = s.id and n.sequence = s.next_sequence
       where s.id = $1 and s.fence = $2`,
      [student, fence],
    );
    const row = rows[0];
    if (!row) return undefined;
    const send: Send | undefined = row.id && {
      id: row.id,
      student,
      sequence: Number(row.sequence),
      inReplyTo: row.in_reply_to ?? undefined,
      text: row.text,
      quickReplies: row.quick_replies ?? undefined,
      windowStart: row.window_start,
      headers: row.headers,
      state: row.state,
      attempt: row.attempt,
      rejections: row.rejections,
      looks: row.looks,
      startedAt: row.started_at ?? undefined,
      firstStartedAt: row.first_started_at ?? undefined,
    };
    return { now: row.now, arrived: row.arrived, send: send || undefined };
  }

  /** Written before the request: from here on the send is in doubt until something settles it. */
  async begin({ student, fence }: Claim, { id }: Send): Promise<boolean> {
    const { rowCount } = await this.#pool.query(
      `update gateway.sends set state = 'sending', attempt = attempt + 1, looks = 0, started_at = now(),
              first_started_at = coalesce(first_started_at, now())
       where id = $1 and state in ('queued', 'sending') and exists (select from gateway.students where id = $2 and fence = $3)`,
      [id, student, fence],
    );
    return rowCount === 1;
  }

  /** Messenger has it: the next one's turn. */
  async sent({ id }: Send, messageId: string): Promise<void> {
    await this.#settle(id, 'sent', messageId, null);
  }

  async failed({ id }: Send, failure: string): Promise<void> {
    await this.#settle(id, 'failed', null, failure);
  }

  /** An echo settled it: the next one's turn. */
  async pass({ student, sequence }: Send): Promise<void> {
    await this.#pool.query('update gateway.students set next_sequence = $2 + 1 where id = $1 and next_sequence = $2', [
      student,
      sequence,
    ]);
  }

  async #settle(id: string, state: 'sent' | 'failed', messageId: string | null, failure: string | null): Promise<void> {
    await this.#pool.query(
      `with settled as (
         update gateway.sends set state = case when state = 'sent' then 'sent' else $2 end,
                message_id = coalesce(message_id, $3), failure = case when state = 'sent' then null else $4 end,
                settled_at = coalesce(settled_at, now())
         where id = $1 returning student, sequence)
       update gateway.students s set next_sequence = s.next_sequence + 1
       from settled where s.id = settled.student and s.next_sequence = settled.sequence`,
      [id, state, messageId, failure],
    );
  }

  /** Messenger surely does not have it: back to where it was before the try. */
  async rejected({ id }: Send): Promise<void> {
    await this.#pool.query(
      `update gateway.sends set state = 'queued', attempt = attempt - 1, rejections = rejections + 1
       where id = $1 and state = 'sending'`,
      [id],
    );
  }

  async lookedInVain({ id }: Send): Promise<void> {
    await this.#pool.query('update gateway.sends set looks = looks + 1 where id = $1', [id]);
  }

  /** Message ids that belong to other sends to this student. */
  async claimedIds({ id, student }: Send): Promise<Set<string>> {
    const { rows } = await this.#pool.query<{ message_id: string }>(
      `select message_id from gateway.sends where student = $1 and message_id is not null and id <> $2
       order by sequence desc limit 200`,
      [student, id],
    );
    return new Set(rows.map((row) => row.message_id));
  }

  /** Lets go of a student until `wakeAt` (null: until a reply arrives). False when something arrived or the claim is lost: look again. */
  async release({ student, fence }: Claim, arrived: string, wakeAt: Date | null): Promise<boolean> {
    const { rowCount } = await this.#pool.query(
      `update gateway.students set holder = null, lease_until = null, wake_at = $4
       where id = $1 and fence = $2 and arrived = $3`,
      [student, fence, arrived, wakeAt],
    );
    return rowCount === 1;
  }

  /** Echoes prove that sends arrived. Returns the replies that were in doubt, nobody having heard an answer. */
  async settleByEcho(echoes: readonly Echo[]): Promise<string[]> {
    const { rows } = await this.#pool.query<{ id: string }>(
      `with settled as (
         update gateway.sends s set state = 'sent', message_id = e.mid, failure = null, settled_at = now()
         from unnest($1::text[], $2::text[], $3::text[]) as e (id, student, mid)
         where s.id = e.id and s.student = e.student and s.state <> 'sent' and s.attempt > 0
         returning s.id, s.student)
       update gateway.students t set wake_at = now() from settled
       where t.id = settled.student and t.holder is null returning settled.id`,
      [echoes.map(({ metadata }) => metadata), echoes.map(({ student }) => student), echoes.map(({ mid }) => mid)],
    );
    return rows.map(({ id }) => id);
  }
}
