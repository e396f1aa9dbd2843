import { createHash, randomBytes } from 'node:crypto';
import { type Pool, transaction } from '../../platform/database/postgres';
import { SlackFailure } from './failure';
import { nameBlocks } from './ids';
import type { Json } from './json';
import { defined } from './present';
import { app, team } from './team';

const MOST_STACKED = 3;

/** A view as Slack shows it to the app: `view` of the answers and payloads. */
export type SlackView = Json & { readonly id: string; readonly hash: string };

interface Row {
  id: string;
  user_id: string;
  position: number;
  hash: string;
  body: Json;
}

/** Modals that are open (a stack of at most three for each person) and Home tabs. */
export interface Views {
  open(user: string, view: Json): Promise<SlackView>;
  push(user: string, view: Json): Promise<SlackView>;
  /** By `view_id` or `external_id`; a `hash` that is not the present one is refused. */
  update(
    key: { readonly id?: unknown; readonly externalId?: unknown; readonly hash?: unknown },
    view: Json,
  ): Promise<{ view: SlackView; user: string }>;
  publish(user: string, view: Json, hash: unknown): Promise<SlackView>;
  get(id: string, user: string): Promise<SlackView | undefined>;
  home(user: string): Promise<SlackView | undefined>;
  /** Closes one modal and those above it; gives the one below. */
  close(id: string, user: string): Promise<SlackView | undefined>;
  closeAll(user: string): Promise<void>;
}

export function openViews(pool: Pool): Views {
  const stack = async (user: string): Promise<Row[]> =>
    (
      await pool.query<Row>("select * from workspace.views where user_id = $1 and kind = 'modal' order by position", [
        user,
      ])
    ).rows;
  const present = async (row: Row, kind: 'modal' | 'home'): Promise<SlackView> => {
    const rows = kind === 'modal' ? await stack(row.user_id) : [row];
    const index = rows.findIndex(({ id }) => id === row.id);
    return slackView(row, rows[0]?.id ?? row.id, rows[index - 1]?.id);
  };
  const insert = async (user: string, view: Json, kind: 'modal' | 'home', position: number): Promise<SlackView> => {
    const row: Row = { id: newId(), user_id: user, position, hash: hashOf(view), body: named(view) };
    await pool
      .query(
        'insert into workspace.views (id, user_id, kind, position, external_id, hash, body) values ($1, $2, $3, $4, $5, $6, $7)',
        [row.id, user, kind, position, externalId(view), row.hash, JSON.stringify(row.body)],
      )
      .catch(refuseDuplicate);
    return present(row, kind);
  };

  return {
    async open(user, view) {
      // A new modal takes the place of what was open.
      await pool.query("delete from workspace.views where user_id = $1 and kind = 'modal'", [user]);
      return insert(user, view, 'modal', 1);
    },
    async push(user, view) {
      const depth = (await stack(user)).length;
      if (depth === 0) throw new SlackFailure('not_found');
      if (depth >= MOST_STACKED) throw new SlackFailure('push_limit_reached');
      return insert(user, view, 'modal', depth + 1);
    },
    async update({ id, externalId: external, hash }, view) {
      const found = await pool.query<Row>(
        'select * from workspace.views where id = $1 or (external_id = $2 and $2 is not null)',
        [id ?? '', external ?? null],
      );
      const row = found.rows[0];
      if (row === undefined) throw new SlackFailure('not_found');
      if (typeof hash === 'string' && hash !== '' && hash !== row.hash) throw new SlackFailure('hash_conflict');
      const changed: Row = { ...row, hash: hashOf(view), body: named(view) };
      await pool
        .query('update workspace.views set body = $2, hash = $3, external_id = $4, changed_at = now() where id = $1', [
          row.id,
          JSON.stringify(changed.body),
          changed.hash,
          externalId(view),
        ])
        .catch(refuseDuplicate);
      return { view: await present(changed, view['type'] === 'home' ? 'home' : 'modal'), user: row.user_id };
    },
    async publish(user, view, hash) {
      return transaction(pool, async (client) => {
        const { rows } = await client.query<Row>(
          "select * from workspace.views where user_id = $1 and kind = 'home' for update",
          [user],
        );
        if (typeof hash === 'string' && hash !== '' && rows[0] !== undefined && rows[0].hash !== hash)
          throw new SlackFailure('hash_conflict');
        const row: Row = {
          id: rows[0]?.id ?? newId(),
          user_id: user,
          position: 0,
          hash: hashOf(view),
          body: named(view),
        };
        await client.query(
          `insert into workspace.views (id, user_id, kind, position, hash, body) values ($1, $2, 'home', 0, $3, $4)
           on conflict (id) do update set hash = excluded.hash, body = excluded.body, changed_at = now()`,
          [row.id, user, row.hash, JSON.stringify(row.body)],
        );
        return slackView(row, row.id, undefined);
      });
    },
    async get(id, user) {
      const { rows } = await pool.query<Row & { kind: 'modal' | 'home' }>(
        'select * from workspace.views where id = $1 and user_id = $2',
        [id, user],
      );
      return rows[0] && present(rows[0], rows[0].kind);
    },
    async home(user) {
      const { rows } = await pool.query<Row>("select * from workspace.views where user_id = $1 and kind = 'home'", [
        user,
      ]);
      return rows[0] && slackView(rows[0], rows[0].id, undefined);
    },
    async close(id, user) {
      await pool.query(
        "delete from workspace.views where user_id = $2 and kind = 'modal' and position >= (select position from workspace.views where id = $1 and user_id = $2)",
        [id, user],
      );
      const below = (await stack(user)).at(-1);
      return below && present(below, 'modal');
    },
    async closeAll(user) {
      await pool.query("delete from workspace.views where user_id = $1 and kind = 'modal'", [user]);
    },
  };
}

function slackView(row: Row, root: string, previous: string | undefined): SlackView {
  const body = row.body;
  return {
    id: row.id,
    team_id: team.id,
    app_id: app.id,
    bot_id: app.botId,
    app_installed_team_id: team.id,
    callback_id: '',
    private_metadata: '',
    external_id: '',
    submit: null,
    close: null,
    clear_on_close: false,
    notify_on_close: false,
    ...defined(body),
    state: { values: {} },
    hash: row.hash,
    root_view_id: root,
    previous_view_id: previous ?? null,
  };
}

/** Blocks with the ids that Slack gives them; an empty Home tab has none. */
function named(view: Json): Json {
  return { ...view, blocks: nameBlocks((view['blocks'] as readonly Json[] | undefined) ?? []) };
}

function externalId(view: Json): string | null {
  return typeof view['external_id'] === 'string' && view['external_id'] !== '' ? view['external_id'] : null;
}

function hashOf(view: Json): string {
  return `${Math.floor(Date.now() / 1000)}.${createHash('sha256').update(JSON.stringify(view)).update(randomBytes(4)).digest('hex').slice(0, 8)}`;
}

function newId(): string {
  return `V${randomBytes(6).toString('hex').toUpperCase()}`;
}

function refuseDuplicate(error: unknown): never {
  if ((error as { code?: string }).code === '23505') throw new SlackFailure('duplicate_external_id');
  throw error;
}
