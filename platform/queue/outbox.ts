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
  await client.query(`INSERT INTO "${schema}".outbox (id, queue, body, headers) VALUES ($1, $2, $3, $4)`, [
    message.id,
    queue,
    JSON.stringify(message.body),
    JSON.stringify(headers),
  ]);
}

export interface Relay {
  /** Say it after a commit: something waits. */
  poke(): void;
  /** Finishes what it is at, then resolves. What still waits stays for the next start. */
  stop(): Promise<void>;
}

export interface RelayOptions {
  readonly pool: Pool;
  /** Whose `outbox` it empties. */
  readonly schema: string;
  readonly queue: Queue;
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

/**
 * Publishes what waits in an outbox, in order, and removes it. Runs in every instance: each takes rows that no other
 * has. A crash between publishing and removing publishes again, with the same id.
 */
export function startRelay({ pool, schema, queue, log, service }: RelayOptions): Relay {
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> | undefined;
  let again = false;
  let failures = 0;
  let stopped = false;

  const work = async (): Promise<void> => {
    try {
      let moved: number;
      do {
        again = false;
        moved = await transaction(pool, (client) => relayBatch(client, schema, queue));
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

  run();
  return {
    poke: () => {
      again = true;
      if (!stopped && failures === 0) run();
    },
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await working;
    },
  };
}

async function relayBatch(client: Queryable, schema: string, queue: Queue): Promise<number> {
  const { rows } = await client.query<OutboxRow>(
    `SELECT position, id, queue, body, headers FROM "${schema}".outbox ORDER BY position LIMIT ${BATCH} FOR UPDATE SKIP LOCKED`,
  );
  if (rows.length === 0) return 0;
  const names = [...new Set(rows.map((row) => row.queue))];
  await Promise.all(
    names.map((name) =>
      queue.publish(
        name,
        rows.filter((row) => row.queue === name),
      ),
    ),
  );
  await client.query(`DELETE FROM "${schema}".outbox WHERE position = ANY ($1::bigint[])`, [
    rows.map((row) => row.position),
  ]);
  return rows.length;
}

async function waitingIn(pool: Pool, schema: string): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(`SELECT count(*)::int AS count FROM "${schema}".outbox`);
  return rows[0]?.count ?? 0;
}
