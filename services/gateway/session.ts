import { Client } from 'pg';
import type { Logger } from '../../platform/log';

/** A database session that stands for this process: while it lives, the claims made in its name are good. */
export interface Identity {
  readonly pid: number;
  /** Start of the session, as PostgreSQL writes it: process ids are used again. */
  readonly since: string;
}

export interface Session {
  /** Undefined while the session is lost. */
  current(): Identity | undefined;
  close(): Promise<void>;
}

/**
 * Opens the session, and again when it is lost. `adopted` is told the former identity, so that claims of a process
 * that lives on pass to its new session.
 */
export async function openSession(
  url: string,
  log: Logger,
  adopted: (before: Identity, after: Identity) => Promise<void>,
): Promise<Session> {
  let client: Client | undefined;
  let identity: Identity | undefined;
  let before: Identity | undefined;
  let retry: NodeJS.Timeout | undefined;
  let closed = false;

  const connect = async (): Promise<void> => {
    const fresh = new Client({
      connectionString: url,
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
      application_name: 'gateway',
    });
    let gone = false;
    const lost = () => {
      if (gone) return;
      gone = true;
      if (client === fresh) identity = undefined;
      if (!closed && client === fresh) again();
    };
    fresh.on('error', lost);
    fresh.on('end', lost);
    await fresh.connect();
    const { rows } = await fresh.query<{ pid: number; since: string }>(
      'select pid, backend_start::text as since from pg_stat_activity where pid = pg_backend_pid()',
    );
    const mine = rows[0]!;
    if (before) await adopted(before, mine);
    if (gone) throw new Error('the session was lost again');
    client = fresh;
    before = mine;
    identity = mine;
    if (closed) await fresh.end();
  };
  const again = (): void => {
    retry = setTimeout(() => {
      connect().catch((error: unknown) => {
        log.warn({ error }, 'The database session is lost; trying again');
        if (!closed) again();
      });
    }, 250);
  };

  await connect();
  return {
    current: () => identity,
    close: async () => {
      closed = true;
      clearTimeout(retry);
      identity = undefined;
      await client?.end().catch(() => undefined);
    },
  };
}
