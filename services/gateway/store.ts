import type { Pool } from '../../platform/database/postgres';
import type { Reply } from '../../platform/messages';
import type { Echo } from './parse';
import { Recent } from './recent';
import {
  adopt,
  arrive,
  begin,
  claim,
  failed,
  openSends,
  rejected,
  release,
  renew,
  sent,
  settleByEcho,
  view,
} from './statements';

/** The right to send to one student, until it is released, or its session ends and another takes it. */
export interface Claim {
  readonly student: string;
  readonly fence: string;
  /**
   * Set when the claim came with the first send, which is begun already: only its request is missing. `asked` is when
   * the beginning was asked for, by `performance.now()`.
   */
  readonly begun?: View & { readonly send: Send; readonly asked: number };
}

/** A reply to be stored. */
export interface Arrival {
  readonly reply: Reply;
  readonly headers: Record<string, string>;
  /** Its request may be made at once, if it is its turn and nobody sends to the student. */
  readonly atOnce: boolean;
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

export interface Arrived {
  /** Ids of the replies that are new. */
  readonly added: ReadonlySet<string>;
  readonly claims: readonly Claim[];
  /** Students wait who were not claimed. */
  readonly due: boolean;
}

interface ArrivedRow {
  readonly student: string;
  readonly fence: string;
  readonly arrived: string;
  readonly now: Date;
  readonly claimed: boolean;
  readonly due: boolean | null;
  readonly added: string[] | null;
  readonly begun: string | null;
}

function begunSend({ reply, headers }: Arrival, now: Date): Send {
  return {
    id: reply.id,
    student: reply.student,
    sequence: reply.sequence,
    inReplyTo: reply.inReplyTo,
    text: reply.text,
    quickReplies: reply.quickReplies,
    windowStart: new Date(reply.windowStart),
    headers,
    state: 'sending',
    attempt: 1,
    rejections: 0,
    looks: 0,
    startedAt: now,
    firstStartedAt: now,
  };
}

/** Table `gateway.sends`: what is to be sent, in which order, by whom, and what became of it. */
export class SendStore {
  readonly #pool: Pool;
  /** Sends that this process stored as sent lately: their echoes say nothing new. */
  readonly #known = new Recent(5_000);

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /**
   * Stores replies once each, whatever is redelivered. Where nothing else is to be done for the student, claims the
   * student and begins the send, all in one statement.
   */
  async arrive(arrivals: readonly Arrival[], session: string | undefined): Promise<Arrived> {
    const asked = performance.now();
    const given = arrivals.map(({ reply, headers, atOnce }) => ({ ...reply, headers, atOnce }));
    const { rows } = await this.#pool.query<ArrivedRow>({
      name: 'gateway.arrive',
      text: arrive,
      values: [JSON.stringify(given), session ?? null],
    });
    const claims = rows.flatMap(({ student, fence, arrived, now, claimed, begun }): Claim[] => {
      if (!claimed) return [];
      const arrival = arrivals.find(({ reply }) => reply.id === begun);
      return [{ student, fence, ...(arrival && { begun: { now, arrived, asked, send: begunSend(arrival, now) } }) }];
    });
    const added = new Set(rows.flatMap((row) => row.added ?? []));
    return { added, claims, due: rows.some(({ due }) => due === true) };
  }

  /**
   * Takes up to `most` students with something due. A claim is free when its session is gone; after a restart of the
   * database, which ends every session, when its lease is over.
   */
  async claim(session: string, most: number): Promise<Claim[]> {
    const { rows } = await this.#pool.query<Claim>({ name: 'gateway.claim', text: claim, values: [session, most] });
    return rows;
  }

  /** Passes the claims of these students from a session to its successor; what else the former held is free. */
  async adopt(before: string, after: string, students: readonly string[]): Promise<void> {
    await this.#pool.query(adopt, [before, after, students]);
  }

  async renew(session: string, students: readonly string[]): Promise<void> {
    await this.#pool.query(renew, [session, students]);
  }

  /** Undefined when the claim is lost. */
  async view({ student, fence }: Claim): Promise<View | undefined> {
    const { rows } = await this.#pool.query({ name: 'gateway.view', text: view, values: [student, fence] });
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
    const values = [id, student, fence];
    const { rowCount } = await this.#pool.query({ name: 'gateway.begin', text: begin, values });
    return rowCount === 1;
  }

  /**
   * Messenger has it: the next one's turn. Lets go of the student when no next one has arrived, and returns true;
   * `arrived` is what was seen with the send.
   */
  async sent({ fence }: Claim, { id }: Send, arrived: string, messageId: string): Promise<boolean> {
    const { rows } = await this.#pool.query<{ released: boolean }>({
      name: 'gateway.sent',
      text: sent,
      values: [id, messageId, fence, arrived],
    });
    this.#known.add(id);
    return rows[0]?.released ?? false;
  }

  async failed({ id }: Send, failure: string): Promise<void> {
    await this.#pool.query(failed, [id, failure]);
  }

  /** An echo settled it: the next one's turn. */
  async pass({ student, sequence }: Send): Promise<void> {
    await this.#pool.query('update gateway.students set next_sequence = $2 + 1 where id = $1 and next_sequence = $2', [
      student,
      sequence,
    ]);
  }

  /** Messenger surely does not have it: back to where it was before the try, unless another has taken the student over. */
  async rejected({ student, fence }: Claim, { id }: Send): Promise<void> {
    await this.#pool.query(rejected, [id, student, fence]);
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
    const values = [student, fence, arrived, wakeAt];
    const { rowCount } = await this.#pool.query({ name: 'gateway.release', text: release, values });
    return rowCount === 1;
  }

  /** Echoes prove that sends arrived. Returns the replies that were in doubt, nobody having heard an answer. */
  async settleByEcho(echoes: readonly Echo[]): Promise<string[]> {
    const news = echoes.filter(({ metadata }) => !this.#known.has(metadata));
    if (news.length === 0) return [];
    const values = [news.map(({ metadata }) => metadata)];
    const open = await this.#pool.query<{ id: string }>({ name: 'gateway.open', text: openSends, values });
    const settled: string[] = [];
    for (const { metadata, student, mid } of news) {
      if (!open.rows.some(({ id }) => id === metadata)) continue;
      const { rowCount } = await this.#pool.query(settleByEcho, [metadata, student, mid]);
      if (rowCount === 1) settled.push(metadata);
    }
    return settled;
  }
}
