import type { Pool } from '../../platform/database/postgres';
import type { Json } from './json';
import type { MessageContent } from './validate/message';

/** A stored message with what its thread and its readers added. */
export interface StoredMessage {
  readonly channel: string;
  readonly ts: string;
  readonly threadTs: string | undefined;
  readonly broadcast: boolean;
  readonly user: string;
  readonly kind: 'message' | 'command';
  readonly content: MessageContent;
  readonly editedTs: string | undefined;
  readonly replies: { readonly count: number; readonly users: readonly string[]; readonly latest: string } | undefined;
  readonly reactions: readonly { readonly name: string; readonly users: readonly string[] }[];
}

export type NewMessage = Pick<StoredMessage, 'channel' | 'ts' | 'threadTs' | 'broadcast' | 'user' | 'kind' | 'content'>;

interface Page {
  /** `channel`: what stands in the channel, thread broadcasts included. Else the thread of that message, itself first. */
  readonly thread?: string;
  readonly latest?: string;
  readonly oldest?: string;
  readonly inclusive?: boolean;
  readonly limit: number;
  /** Slash commands, which only the page shows. */
  readonly commands?: boolean;
}

/** Newest messages kept of each channel; older ones go with their threads. */
const KEPT = 5000;
const PRUNE_EVERY = 200;

interface Row {
  channel: string;
  ts: string;
  thread_ts: string | null;
  broadcast: boolean;
  user_id: string;
  kind: 'message' | 'command';
  body: MessageContent;
  edited_ts: string | null;
  replies: { count: number; users: string[]; latest: string } | null;
  reactions: { name: string; users: string[] }[] | null;
}

const columns = `m.channel, m.ts, m.thread_ts, m.broadcast, m.user_id, m.kind, m.body, m.edited_ts,
  case when m.thread_ts is null then (select json_build_object('count', count(*), 'users', array_agg(distinct r.user_id), 'latest', max(r.ts))
    from workspace.messages r where r.channel = m.channel and r.thread_ts = m.ts having count(*) > 0) end as replies,
  (select json_agg(json_build_object('name', x.name, 'users', x.users)) from (select name, array_agg(user_id) as users
    from workspace.reactions r where r.channel = m.channel and r.ts = m.ts group by name) x) as reactions`;

export interface Messages {
  newestTs(): Promise<string | undefined>;
  insert(message: NewMessage): Promise<StoredMessage>;
  get(channel: string, ts: string): Promise<StoredMessage | undefined>;
  /** Undefined when there is no such message any more. */
  edit(
    channel: string,
    ts: string,
    content: MessageContent,
    change: { readonly editedTs?: string; readonly broadcast?: boolean },
  ): Promise<StoredMessage | undefined>;
  remove(channel: string, ts: string): Promise<void>;
  /** Newest first. */
  page(channel: string, page: Page): Promise<StoredMessage[]>;
  /** False when the reaction was already there. */
  react(channel: string, ts: string, name: string, user: string): Promise<boolean>;
}

export function openMessages(pool: Pool): Messages {
  const inserted = new Map<string, number>();
  const get = async (channel: string, ts: string): Promise<StoredMessage | undefined> => {
    const { rows } = await pool.query<Row>(
      `select ${columns} from workspace.messages m where m.channel = $1 and m.ts = $2`,
      [channel, ts],
    );
    return rows[0] && fromRow(rows[0]);
  };
  const prune = async (channel: string): Promise<void> => {
    const count = (inserted.get(channel) ?? 0) + 1;
    inserted.set(channel, count);
    if (count % PRUNE_EVERY !== 0) return;
    await pool.query(
      `delete from workspace.messages where channel = $1 and coalesce(thread_ts, ts) <
        (select ts from workspace.messages where channel = $1 and thread_ts is null order by ts desc offset $2 limit 1)`,
      [channel, KEPT - 1],
    );
  };
  return {
    get,
    newestTs: async () => {
      const { rows } = await pool.query<{ ts: string | null }>(
        'select greatest(max(ts), max(edited_ts)) as ts from workspace.messages',
      );
      return rows[0]?.ts ?? undefined;
    },
    insert: async (message) => {
      const { channel, ts, threadTs, broadcast, user, kind, content } = message;
      await pool.query(
        'insert into workspace.messages (channel, ts, thread_ts, broadcast, user_id, kind, body) values ($1, $2, $3, $4, $5, $6, $7)',
        [channel, ts, threadTs ?? null, broadcast, user, kind, JSON.stringify(content)],
      );
      await prune(channel);
      return { ...message, editedTs: undefined, replies: undefined, reactions: [] };
    },
    edit: async (channel, ts, content, { editedTs, broadcast }) => {
      await pool.query(
        'update workspace.messages set body = $3, edited_ts = coalesce($4, edited_ts), broadcast = coalesce($5, broadcast) where channel = $1 and ts = $2',
        [channel, ts, JSON.stringify(content), editedTs ?? null, broadcast ?? null],
      );
      return get(channel, ts);
    },
    remove: async (channel, ts) => {
      await pool.query('delete from workspace.messages where channel = $1 and ts = $2', [channel, ts]);
    },
    page: async (channel, { thread, latest, oldest, inclusive = false, limit, commands = false }) => {
      const { rows } = await pool.query<Row>(
        `select ${columns} from workspace.messages m where m.channel = $1
          and case when $2::text is null then m.thread_ts is null or m.broadcast else m.ts = $2 or m.thread_ts = $2 end
          and ($3::text is null or m.ts < $3 or ($5 and m.ts = $3)) and ($4::text is null or m.ts > $4 or ($5 and m.ts = $4))
          and ($7 or m.kind = 'message')
        order by m.ts desc limit $6`,
        [channel, thread ?? null, latest ?? null, oldest ?? null, inclusive, limit, commands],
      );
      return rows.map(fromRow);
    },
    react: async (channel, ts, name, user) => {
      const { rowCount } = await pool.query(
        'insert into workspace.reactions (channel, ts, name, user_id) values ($1, $2, $3, $4) on conflict do nothing',
        [channel, ts, name, user],
      );
      return rowCount === 1;
    },
  };
}

function fromRow(row: Row): StoredMessage {
  return {
    channel: row.channel,
    ts: row.ts,
    threadTs: row.thread_ts ?? undefined,
    broadcast: row.broadcast,
    user: row.user_id,
    kind: row.kind,
    content: row.body,
    editedTs: row.edited_ts ?? undefined,
    replies: row.replies ?? undefined,
    reactions: row.reactions ?? [],
  };
}

/** For events and answers of the Web API: fields as Slack names them. */
export type SlackMessage = Json & { readonly ts: string };
