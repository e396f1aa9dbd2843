import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { migrate } from '../platform/database/migrate';
import { type Pool, type Queryable, transaction } from '../platform/database/postgres';
import type { Actor } from './command';

/** How long the same wish of the same person at the same place counts as a double Enter. */
const REPEAT_WINDOW_MS = 5_000;
/** A terminal waits for the end, so the same again there is meant, unless an operation has only just begun. */
const TERMINAL_WINDOW_MS = 2_000;
const OFFER_LIFE_MS = 60 * 60_000;

export type Outcome = 'done' | 'refused' | 'failed';

export interface Arrival {
  readonly actor: Actor;
  /** Channel or terminal it came from. */
  readonly place: string;
  readonly text: string;
  readonly verb: string;
  /** Same for texts that mean the same. */
  readonly normalised: string;
  /** The door's id of this arrival: a second arrival with it is a redelivery, however late. */
  readonly delivery?: string;
  /** Only wishes that change something are carried out once. */
  readonly once: boolean;
  readonly at: Date;
}

/** `repeats` is the row that does the work, when this arrival is a repetition of it. */
interface Recorded {
  readonly id: number;
  readonly repeats: number | undefined;
}

/**
 * Audit: one row for each command, at every door. Also decides, in one transaction under a lock on the wish, whether
 * an arrival repeats one of the last seconds; so two that arrive in the same millisecond, even at two processes, are
 * one wish.
 */
export interface Audit {
  record(arrival: Arrival): Promise<Recorded>;
  finish(id: number, end: { outcome: Outcome; operation: number | undefined; durationMs: number }): Promise<void>;
  /** Keeps a command text for a button; the id means nothing to anyone else. */
  offer(text: string, actor: Actor): Promise<string>;
  /** The text behind a button, within an hour and only for whom it was made. */
  offered(id: string, actor: Actor): Promise<string | undefined>;
}

export async function openAudit(pool: Pool): Promise<Audit> {
  await migrate(pool, join(__dirname, 'migrations'), 'audit');
  return {
    record: (arrival) => record(pool, arrival),
    async finish(id, { outcome, operation, durationMs }) {
      await pool.query('update audit.commands set outcome = $2, operation = $3, duration_ms = $4 where id = $1', [
        id,
        outcome,
        operation ?? null,
        Math.round(durationMs),
      ]);
    },
    async offer(text, actor) {
      await pool.query("delete from audit.offers where at < now() - $1 * interval '1 ms'", [OFFER_LIFE_MS]);
      const { rows } = await pool.query<{ id: string }>(
        'insert into audit.offers (text, made_for) values ($1, $2) returning id',
        [text, actor.id],
      );
      return rows[0]!.id;
    },
    async offered(id, actor) {
      const { rows } = await pool.query<{ text: string }>(
        "select text from audit.offers where id::text = $1 and made_for = $2 and at > now() - $3 * interval '1 ms'",
        [id, actor.id, OFFER_LIFE_MS],
      );
      return rows[0]?.text;
    },
  };
}

/** A wish that only reads is carried out as often as it comes, so its row needs no lock. */
function record(pool: Pool, arrival: Arrival): Promise<Recorded> {
  const { actor, place, delivery, once, at } = arrival;
  const wish = createHash('sha256')
    .update(JSON.stringify([actor.id, place, arrival.normalised]))
    .digest('hex');
  if (!once) return insert(pool, arrival, wish, undefined);
  return transaction(pool, async (client) => {
    await client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [wish]);
    const { rows } = await client.query<{ id: string }>(
      `select id from audit.commands
        where repeats is null
          and (delivery = $1 or (wish = $2 and at > $3::timestamptz - $4 * interval '1 ms' and (
               outcome = 'running'
               or (outcome = 'done' and door <> 'cli')
               or (outcome = 'done' and operation is not null and at > $3::timestamptz - $5 * interval '1 ms'))))
        order by id desc limit 1`,
      [delivery ?? null, wish, at, REPEAT_WINDOW_MS, TERMINAL_WINDOW_MS],
    );
    return insert(client, arrival, wish, rows[0] && Number(rows[0].id));
  });
}

async function insert(
  client: Queryable,
  { actor, place, text, verb, delivery, once, at }: Arrival,
  wish: string,
  repeats: number | undefined,
): Promise<Recorded> {
  const outcome = repeats === undefined ? 'running' : 'repeated';
  const { rows } = await client.query<{ id: string }>(
    `insert into audit.commands (at, actor, actor_name, door, place, text, verb, outcome, repeats, wish, delivery)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) returning id`,
    [
      at,
      actor.id,
      actor.name,
      actor.door,
      place,
      text.slice(0, 4_000),
      verb,
      outcome,
      repeats ?? null,
      wish,
      once ? (delivery ?? null) : null,
    ],
  );
  return { id: Number(rows[0]!.id), repeats };
}
