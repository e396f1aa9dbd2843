import type { Pool } from '../../platform/database/postgres';

export interface QuickReply {
  readonly title: string;
  readonly payload: string;
}

/** One message as the page and the JSON addresses show it. `id` grows: ask for what came after it. */
export interface ChatMessage {
  readonly id: number;
  readonly student: string;
  readonly mid: string;
  readonly from: 'student' | 'page';
  readonly text: string;
  readonly payload?: string;
  readonly quickReplies?: readonly QuickReply[];
  /** The reply's id, as the gateway gave it. */
  readonly metadata?: string;
  readonly state: 'sending' | 'delivered' | 'undelivered' | 'shown';
  readonly trace?: string;
  readonly at: string;
}

/** A new message, with the webhook call that tells the page's app about it. */
export interface NewMessage extends Omit<ChatMessage, 'id' | 'at'> {
  readonly webhook: { readonly body: string; readonly headers: Record<string, string> } | undefined;
  readonly at: Date;
}

export interface Student {
  readonly id: string;
  readonly wroteAt: Date | undefined;
  readonly blocked: boolean;
}

const KEPT = 1_000;
/** Conversations are cut now and then, not at each message. */
const CUT_EVERY = 50;

/** What students and pages wrote, newest 1,000 for each student; schema `messenger` of the control database. */
export class Conversations {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async addStudent(environment: string, id: string): Promise<void> {
    await this.#pool.query('insert into messenger.students (environment, id) values ($1, $2) on conflict do nothing', [
      environment,
      id,
    ]);
  }

  async block(environment: string, id: string, blocked: boolean): Promise<void> {
    await this.#pool.query('update messenger.students set blocked = $3 where environment = $1 and id = $2', [
      environment,
      id,
      blocked,
    ]);
  }

  async student(environment: string, id: string): Promise<Student | undefined> {
    const { rows } = await this.#pool.query(
      'select id, wrote_at, blocked from messenger.students where environment = $1 and id = $2',
      [environment, id],
    );
    return rows[0] && { id: rows[0].id, wroteAt: rows[0].wrote_at ?? undefined, blocked: rows[0].blocked };
  }

  /** Newest conversation first. */
  async students(environment: string): Promise<{ id: string; last: string | null; at: string }[]> {
    const { rows } = await this.#pool.query(
      `select s.id, m.text as last, coalesce(m.created_at, s.created_at) as at from messenger.students s
       left join lateral (select text, created_at from messenger.messages
         where environment = s.environment and student = s.id order by position desc limit 1) m on true
       where s.environment = $1 order by at desc limit 200`,
      [environment],
    );
    return rows.map(({ id, last, at }) => ({ id, last, at: at.toISOString() }));
  }

  /** Stores the message and its webhook call together; the student comes into being with the first one. */
  async add(environment: string, message: NewMessage): Promise<ChatMessage> {
    const { student, mid, from, text, payload, quickReplies, metadata, state, trace, webhook, at } = message;
    const { rows } = await this.#pool.query<{ position: string }>(
      `with s as (
         insert into messenger.students as s (environment, id, wrote_at) values ($1, $2, case when $4 = 'student' then $11::timestamptz end)
         on conflict (environment, id) do update set wrote_at = coalesce(excluded.wrote_at, s.wrote_at) returning id),
       m as (
         insert into messenger.messages (environment, student, mid, sender, text, payload, quick_replies, metadata, state, trace, created_at)
         select $1, id, $3, $4, $5, $6, $7, $8, $9, $10, $11 from s returning position),
       w as (
         insert into messenger.webhooks (environment, student, message, body, headers)
         select $1, $2, position, $12, $13 from m where $12::text is not null)
       select position from m`,
      [
        environment,
        student,
        mid,
        from,
        text,
        payload ?? null,
        quickReplies ? JSON.stringify(quickReplies) : null,
        metadata ?? null,
        state,
        trace ?? null,
        at,
        webhook?.body ?? null,
        JSON.stringify(webhook?.headers ?? {}),
      ],
    );
    const id = Number(rows[0]!.position);
    if (id % CUT_EVERY === 0) await this.#cut(environment, student);
    const { webhook: _, ...shown } = message;
    return { ...shown, id, at: at.toISOString() };
  }

  async #cut(environment: string, student: string): Promise<void> {
    await this.#pool.query(
      `delete from messenger.messages where environment = $1 and student = $2 and position <= (
         select position from messenger.messages where environment = $1 and student = $2 order by position desc offset $3 limit 1)`,
      [environment, student, KEPT],
    );
  }

  /** Oldest first; with `after` those that follow it, without it the newest. */
  async messages(
    environment: string,
    student: string,
    range: { after?: number; limit: number },
  ): Promise<ChatMessage[]> {
    const newest = range.after === undefined;
    const { rows } = await this.#pool.query(
      `select position, student, mid, sender, text, payload, quick_replies, metadata, state, trace, created_at from messenger.messages
       where environment = $1 and student = $2 and position > $3 order by position ${newest ? 'desc' : 'asc'} limit $4`,
      [environment, student, range.after ?? 0, range.limit],
    );
    const shown = rows.map(
      (row): ChatMessage => ({
        id: Number(row.position),
        student: row.student,
        mid: row.mid,
        from: row.sender,
        text: row.text,
        ...(row.payload !== null && { payload: row.payload }),
        ...(row.quick_replies && { quickReplies: row.quick_replies }),
        ...(row.metadata !== null && { metadata: row.metadata }),
        state: row.state,
        ...(row.trace !== null && { trace: row.trace }),
        at: row.created_at.toISOString(),
      }),
    );
    return newest ? shown.reverse() : shown;
  }
}
