import { Client } from 'pg';
import { reconnectPause } from './reconnect';

export interface ListenOptions {
  /** Called each time the connection stands again: notifications between loss and now are gone, so look for yourself. */
  readonly onReconnect?: () => void;
  /** Called when the connection is lost, before it is made again. */
  readonly onLost?: () => void;
}

export interface Listener {
  /**
   * Names the present connection so that others see in `liveSessions` whether it still stands; undefined while there
   * is none. A process that is killed loses it at once.
   */
  session(): string | undefined;
  /** Listens to one more channel, now and after every reconnection. */
  add(channel: string): Promise<void>;
  stop(): Promise<void>;
}

/** Sessions that stand now, as `Listener.session` names them; of one's own role only. */
export const liveSessions =
  "SELECT pid || '@' || extract(epoch FROM backend_start) FROM pg_stat_activity WHERE backend_start IS NOT NULL";

const HEARTBEAT_MS = 20_000;
const ANSWER_LIMIT_MS = 10_000;

/**
 * Listens on a connection of its own, which is made again, with growing pauses, whenever it is lost; a silent loss is
 * noticed within half a minute. Resolves when it stands; rejects when the first connection can not be made.
 */
export async function listen(
  url: string,
  channels: readonly string[],
  onNotify: (channel: string, payload: string) => void,
  options: ListenOptions = {},
): Promise<Listener> {
  const wanted = new Set(channels);
  let current: { client: Client; session: string } | undefined;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let last: Promise<unknown> = Promise.resolve();

  /** One statement after the other: a connection takes no second one while the first runs. */
  const ask = (client: Client, statement: string): Promise<unknown> => {
    last = last.catch(() => undefined).then(() => client.query(statement));
    return last;
  };

  const connect = async (): Promise<void> => {
    const client = new Client({
      connectionString: url,
      keepAlive: true,
      connectionTimeoutMillis: ANSWER_LIMIT_MS,
      query_timeout: ANSWER_LIMIT_MS,
    });
    client.on('error', () => undefined); // 'end' follows
    client.on('notification', ({ channel, payload }) => onNotify(channel, payload ?? ''));
    try {
      await client.connect();
      for (const channel of wanted) await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
      const { rows } = await client.query<{ session: string }>(
        `SELECT session FROM (${liveSessions} AND pid = pg_backend_pid()) AS own (session)`,
      );
      if (stopped) throw new Error('stopped');
      current = { client, session: rows[0]?.session ?? '' };
      client.once('end', () => lost(client));
    } catch (error) {
      client.end().catch(() => undefined);
      throw error;
    }
  };

  const lost = (client: Client): void => {
    if (current?.client !== client) return;
    current = undefined;
    if (stopped) return;
    options.onLost?.();
    reconnect(0);
  };

  const reconnect = (failures: number): void => {
    timer = setTimeout(() => {
      connect().then(
        () => options.onReconnect?.(),
        () => !stopped && reconnect(failures + 1),
      );
    }, reconnectPause(failures));
  };

  const heartbeat = setInterval(() => {
    const client = current?.client;
    if (!client) return;
    ask(client, 'SELECT 1').catch(() => {
      client.end().catch(() => undefined);
      lost(client);
    });
  }, HEARTBEAT_MS);
  heartbeat.unref();

  try {
    await connect();
  } catch (error) {
    clearInterval(heartbeat);
    throw error;
  }

  return {
    session: () => current?.session,
    add: async (channel) => {
      wanted.add(channel);
      const client = current?.client;
      if (client) await ask(client, `LISTEN ${client.escapeIdentifier(channel)}`);
    },
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      clearInterval(heartbeat);
      const client = current?.client;
      current = undefined;
      await client?.end().catch(() => undefined);
    },
  };
}
