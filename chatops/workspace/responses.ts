import { randomBytes } from 'node:crypto';
import type { Pool } from '../../platform/database/postgres';

const LIFE_MINUTES = 30;
const MOST_USES = 5;

/** What a `response_url` stands for: who asked, where, and the message with the button if there was one. */
export interface ResponseTarget {
  readonly channel: string;
  readonly user: string;
  readonly threadTs: string | undefined;
  readonly messageTs: string | undefined;
  readonly messageEphemeral: boolean;
}

export interface Responses {
  create(target: ResponseTarget): Promise<string>;
  /** Counts one use: five within 30 minutes. */
  use(token: string): Promise<ResponseTarget | 'used_url' | 'expired_url'>;
}

export function openResponses(pool: Pool): Responses {
  return {
    async create(target) {
      const token = randomBytes(18).toString('base64url');
      await pool.query("delete from workspace.response_urls where expires_at < now() - interval '1 day'");
      await pool.query(
        `insert into workspace.response_urls (token, channel, user_id, thread_ts, message_ts, message_ephemeral, expires_at)
         values ($1, $2, $3, $4, $5, $6, now() + make_interval(mins => $7))`,
        [
          token,
          target.channel,
          target.user,
          target.threadTs ?? null,
          target.messageTs ?? null,
          target.messageEphemeral,
          LIFE_MINUTES,
        ],
      );
      return token;
    },
    async use(token) {
      const { rows } = await pool.query<{
        channel: string;
        user_id: string;
        thread_ts: string | null;
        message_ts: string | null;
        message_ephemeral: boolean;
        uses: number;
        live: boolean;
      }>(
        'update workspace.response_urls set uses = uses + 1 where token = $1 returning *, expires_at > now() as live',
        [token],
      );
      const row = rows[0];
      if (row === undefined || !row.live) return 'expired_url';
      if (row.uses > MOST_USES) return 'used_url';
      return {
        channel: row.channel,
        user: row.user_id,
        threadTs: row.thread_ts ?? undefined,
        messageTs: row.message_ts ?? undefined,
        messageEphemeral: row.message_ephemeral,
      };
    },
  };
}
