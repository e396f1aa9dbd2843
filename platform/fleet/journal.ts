import { type Pool, type PoolClient, transaction } from '../database/postgres';
import { EdwinError, hasCode } from '../errors';
import type { OperationState } from './fleet';
import type { Step } from './plan';
import { entryOf, type JournalEntry, type OperationRow, selectOperation } from './rows';

/** The right to write about one operation, good until somebody takes it with a higher fence. */
export interface Hold {
  readonly operation: number;
  readonly fence: number;
}

/**
 * What a controller writes while it runs an operation. Every write names its hold and is refused with `fleet.fenced`
 * when another controller has taken the operation since, or when it is already final.
 */
export interface Journal {
  /** Takes an operation that is not final; undefined when it is, or when a higher fence holds it. */
  take(operation: number, fence: number, holder: string): Promise<JournalEntry | undefined>;
  read(operation: number): Promise<JournalEntry>;
  begin(hold: Hold): Promise<void>;
  placed(hold: Hold, hosts: readonly string[]): Promise<void>;
  /** Positions of the steps that are done. */
  done(operation: number): Promise<Set<number>>;
  stepStarted(hold: Hold, step: Step): Promise<void>;
  /** The step is done and `next`, if there is one, begins: in one write, so that a step costs one. */
  stepDone(hold: Hold, step: Step, detail: string, next?: Step): Promise<void>;
  progress(hold: Hold, phase: string, healthy: number): Promise<void>;
  /**
   * The release serves from now on; undefined: nothing does. `connections` is the mark of what its instances were given
   * to connect with; undefined: some may have other ones.
   */
  serve(hold: Hold, release: number | undefined, connections?: string): Promise<void>;
  undo(hold: Hold, reason: string, logTail: readonly string[]): Promise<void>;
  damaged(hold: Hold, sentence: string): Promise<void>;
  /** `remark` is added to the reason. */
  finish(hold: Hold, state: OperationState, remark?: string): Promise<JournalEntry>;
}

const active = `state IN ('planned', 'running', 'undoing')`;
const held = `id = $1 AND fence = $2 AND ${active}`;

export function openJournal(pool: Pool): Journal {
  /** `assignments` may use parameters from $3 on. */
  const write = async (hold: Hold, assignments: string, values: readonly unknown[]): Promise<void> => {
    const sql = `UPDATE fleet.operations SET ${assignments} WHERE ${held}`;
    const { rowCount } = await pool.query(sql, [hold.operation, hold.fence, ...values]);
    if (rowCount === 0) throw fenced(hold);
  };
  const read = async (operation: number): Promise<JournalEntry> => {
    const { rows } = await pool.query<OperationRow>(`${selectOperation} WHERE id = $1`, [operation]);
    if (rows[0] === undefined) throw new EdwinError('fleet.unknown-operation', `There is no operation ${operation}.`);
    return entryOf(rows[0]);
  };
  return {
    read,
    async take(operation, fence, holder) {
      const { rowCount } = await pool.query(
        `UPDATE fleet.operations SET fence = $2, holder = $3 WHERE id = $1 AND fence < $2 AND ${active}`,
        [operation, fence, holder],
      );
      return rowCount === 0 ? undefined : read(operation);
    },
    begin: (hold) => write(hold, `state = 'running'`, []),
    placed: (hold, hosts) => write(hold, 'placement = $3', [JSON.stringify(hosts)]),
    async done(operation) {
      const { rows } = await pool.query<{ position: number }>(
        'SELECT position FROM fleet.steps WHERE operation = $1 AND finished_at IS NOT NULL',
        [operation],
      );
      return new Set(rows.map(({ position }) => position));
    },
    async stepStarted(hold, step) {
      const { rowCount } = await pool.query(
        `WITH held AS (UPDATE fleet.operations SET phase = $5 WHERE ${held} RETURNING id)
         INSERT INTO fleet.steps (operation, position, name) SELECT id, $3, $4 FROM held
         ON CONFLICT (operation, position) DO UPDATE SET detail = 'taken up again'`,
        [hold.operation, hold.fence, step.position, step.name, step.phase],
      );
      if (rowCount === 0) throw fenced(hold);
    },
    async stepDone(hold, step, detail, next) {
      const { rowCount } = await pool.query(
        `WITH held AS (UPDATE fleet.operations SET phase = coalesce($7, phase) WHERE ${held} RETURNING id),
         begun AS (INSERT INTO fleet.steps (operation, position, name) SELECT id, $5, $6 FROM held WHERE $5::int IS NOT NULL
           ON CONFLICT (operation, position) DO UPDATE SET detail = 'taken up again')
         UPDATE fleet.steps SET finished_at = clock_timestamp(), detail = $4
         FROM held WHERE operation = held.id AND position = $3`,
        [hold.operation, hold.fence, step.position, detail, next?.position, next?.name, next?.phase],
      );
      if (rowCount === 0) throw fenced(hold);
    },
    progress: (hold, phase, healthy) => write(hold, 'phase = $3, healthy = $4', [phase, healthy]),
    serve: (hold, release, connections) => transaction(pool, (client) => serve(client, hold, release, connections)),
    undo: (hold, reason, logTail) =>
      write(hold, `state = 'undoing', reason = $3, log_tail = $4`, [reason, JSON.stringify(logTail)]),
    damaged: (hold, sentence) => write(hold, 'damage = $3', [sentence]),
    async finish(hold, state, remark) {
      await write(
        hold,
        `state = $3, phase = $3, finished_at = clock_timestamp(), reason = nullif(concat_ws(' ', reason, $4::text), '')`,
        [state, remark],
      );
      return read(hold.operation);
    },
  };
}

async function serve(
  client: PoolClient,
  hold: Hold,
  release: number | undefined,
  connections: string | undefined,
): Promise<void> {
  const { rows } = await client.query<{ service: string; environment: string }>(
    `SELECT service, environment FROM fleet.operations WHERE ${held} FOR UPDATE`,
    [hold.operation, hold.fence],
  );
  const cell = rows[0];
  if (cell === undefined) throw fenced(hold);
  if (release === undefined) {
    await client.query('DELETE FROM fleet.serving WHERE service = $1 AND environment = $2', [
      cell.service,
      cell.environment,
    ]);
    return;
  }
  await client.query(
    `INSERT INTO fleet.serving (service, environment, release, operation, connections) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (service, environment)
     DO UPDATE SET release = excluded.release, operation = excluded.operation, connections = excluded.connections,
                   since = CASE serving.release WHEN excluded.release THEN serving.since ELSE clock_timestamp() END
     WHERE (serving.release, serving.connections) IS DISTINCT FROM (excluded.release, excluded.connections)`,
    [cell.service, cell.environment, release, hold.operation, connections],
  );
}

function fenced(hold: Hold): EdwinError {
  return new EdwinError('fleet.fenced', `Operation ${hold.operation} is no longer ours (fence ${hold.fence}).`);
}

export const isFenced = (error: unknown): boolean => hasCode(error, 'fleet.fenced');
