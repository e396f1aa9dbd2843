import { type Pool, type Queryable, transaction } from '../database/postgres';
import { reconnectPause } from '../database/reconnect';
import type { Logger } from '../log';
import { outboxWaiting } from '../metrics';
import { outsideTrace, traceHeaders } from '../tracing';
import type { OutgoingMessage, Queue } from './queue';

/**
 * Outbox: a message written in the transaction that it tells about is published if and only if that commits. Each
 * service that uses it makes the table in a migration of its own:
 *
 *     CREATE TABLE outbox (
 *       position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
 *       id text NOT NULL, queue text NOT NULL, body jsonb NOT NULL, headers jsonb NOT NULL DEFAULT '{}',
 *       created_at timestamptz NOT NULL DEFAULT now());
 */
export async function writeOutbox(
  client: Queryable,
  schema: string,
  queue: string,
  message: OutgoingMessage,
): Promise<void> {
  const headers = { ...traceHeaders(), ...message.headers };
  const values = [message.id, queue, JSON.stringify(message.body), JSON.stringify(headers)];
  const text = `INSERT INTO "${schema}".outbox (id, queue, body, headers) VALUES ($1, $2, $3, $4)`;
  await client.query({ name: `${schema}.outbox`, text, values });
}

/** What a transaction wrote into the outbox, for a caller that still knows it. */
export interface Written {
  readonly messages: readonly (OutgoingMessage & { readonly queue: string })[];
  readonly positions: readonly string[];
}

export interface Relay {
  /** Say it after a commit: something waits. */
  poke(): void;
  /** Say it after a commit instead of `poke`: publishes what was written without reading it again. */
  hand(written: Written): void;
  /** Finishes what it is at, then resolves. What still waits stays for the next start. */
  stop(): Promise<void>;
}

export interface RelayOptions {
  readonly pool: Pool;
  /** Whose `outbox` it empties. */
  readonly schema: string;
  readonly queue: Pick<Queue, 'publish'>;
  readonly log: Logger;
  /** Label of the metric. */
  readonly service: string;
}

interface OutboxRow extends Required<OutgoingMessage> {
  readonly position: string;
  readonly queue: string;
}

const BATCH = 200;
const LOOK_MS = 1_000;
/** Rows beyond it wait in the outbox instead of in memory. */
const HANDED_LIMIT = 1_000;
/** Published rows are removed together, so long after the first of them. */
const REMOVE_MS = 200;
/** Losing the removal in a crash of the server only means that a message is published again. */
const lightly = 'BEGIN; SET LOCAL synchronous_commit = off';

/**
 * Publishes what waits in an outbox, in order, and removes it. Runs in every instance: each takes rows that no other
 * has, without a poke only those that have waited for a second, since their writer may just be publishing them. A crash
 * between publishing and removing publishes again, with the same id.
 */
export function startRelay({ pool, schema, queue, log, service }: RelayOptions): Relay {
  const handed = new Set<string>(); // positions of rows that `hand` publishes
  const handing = new Set<Promise<void>>();
  let published: string[] = [];
  let removal: NodeJS.Timeout | undefined;
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> | undefined;
  let again = true;
  let failures = 0;
  let stopped = false;

  const work = async (): Promise<void> => {
    try {
      let moved: number;
      do {
        const waited = again || failures > 0 ? 0 : LOOK_MS;
        again = false;
        moved = await relayBatch({ pool, schema, queue }, waited, [...handed]);
        if (failures > 0) log.info({ schema }, `The outbox of ${service} is relayed again`);
        failures = 0;
        outboxWaiting.set({ service }, moved < BATCH ? 0 : await waitingIn(pool, schema));
      } while (!stopped && (again || moved === BATCH));
    } catch (error) {
      if (failures++ === 0) log.warn({ error, schema }, `The outbox of ${service} waits: it can not be relayed now`);
      again = false;
      await waitingIn(pool, schema).then(
        (count) => outboxWaiting.set({ service }, count),
        () => undefined,
      );
    }
    working = undefined;
    if (!stopped) timer = setTimeout(run, failures === 0 ? LOOK_MS : reconnectPause(failures));
  };
  const run = (): void => {
    clearTimeout(timer);
    working ??= outsideTrace(work);
  };
  const poke = (): void => {
    again = true;
    if (!stopped && failures === 0) run();
  };

  const remove = async (): Promise<void> => {
    clearTimeout(removal);
    removal = undefined;
    const positions = published;
    published = [];
    if (positions.length > 0) {
      const text = `DELETE FROM "${schema}".outbox WHERE position = ANY ($1::bigint[])`;
      const values = [positions];
      await transaction(pool, (client) => client.query({ name: `${schema}.published`, text, values }), lightly).catch(
        () => undefined, // published again when they have waited
      );
    }
    for (const position of positions) handed.delete(position);
  };
  const publishHanded = async ({ messages, positions }: Written): Promise<void> => {
    for (const position of positions) handed.add(position);
    try {
      await publishAll(queue, messages);
      published.push(...positions);
      removal ??= setTimeout(() => void outsideTrace(remove), REMOVE_MS);
    } catch {
      for (const position of positions) handed.delete(position);
      poke(); // meets the same trouble, and deals with it
    }
  };

  run();
  return {
    poke,
    hand: (written) => {
      if (stopped || failures > 0 || handed.size > HANDED_LIMIT || written.messages.length === 0) return; // they wait
      const publishing = outsideTrace(() => publishHanded(written)).finally(() => handing.delete(publishing));
      handing.add(publishing);
    },
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await Promise.all([working, ...handing]);
      await remove();
    },
  };
}

async function relayBatch(
  { pool, schema, queue }: Pick<RelayOptions, 'pool' | 'schema' | 'queue'>,
  waitedMs: number,
  but: readonly string[],
): Promise<number> {
  const text = `DELETE FROM "${schema}".outbox WHERE position = ANY (ARRAY(
      SELECT position FROM "${schema}".outbox
       WHERE created_at <= now() - make_interval(secs => $1) AND position <> ALL ($2::bigint[])
       ORDER BY position LIMIT ${BATCH} FOR UPDATE SKIP LOCKED))
    RETURNING position, id, queue, body, headers`;
  const values = [waitedMs / 1_000, but];
  const take = async (client: Queryable): Promise<number> => {
    const { rows } = await client.query<OutboxRow>({ name: `${schema}.relay`, text, values });
    await publishAll(
      queue,
      rows.sort((a, b) => Number(BigInt(a.position) - BigInt(b.position))),
    );
    return rows.length;
  };
  return transaction(pool, take, lightly);
}

async function publishAll(queue: RelayOptions['queue'], messages: Written['messages']): Promise<void> {
  const names = [...new Set(messages.map((message) => message.queue))];
  await Promise.all(
    names.map((name) =>
      queue.publish(
        name,
        messages.filter((message) => message.queue === name),
      ),
    ),
  );
}

async function waitingIn(pool: Pool, schema: string): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(`SELECT count(*)::int AS count FROM "${schema}".outbox`);
  return rows[0]?.count ?? 0;
}
