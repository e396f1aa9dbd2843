import { isConnectionLoss, type Pool } from '../database/postgres';
import { isSpan, logRow, type Row, spanRow } from './rows';
import type { TelemetryDocument, WriteResult } from './telemetry';

/** Rows of one statement: enough to be fast, small enough not to hold the server's memory. */
const STATEMENT_ROWS = 1_000;

const spanColumns = {
  into: 'telemetry.spans (namespace, id, time, trace_id, service, version, root, entry, failed, duration, started, document)',
  types: [
    'text',
    'text',
    'timestamptz',
    'text',
    'text',
    'text',
    'boolean',
    'boolean',
    'boolean',
    'bigint',
    'bigint',
    'jsonb',
  ],
};

const logColumns = {
  into: 'telemetry.logs (namespace, id, time, trace_id, service, instance, severity, event_name, document)',
  types: ['text', 'text', 'timestamptz', 'text', 'text', 'text', 'smallint', 'text', 'jsonb'],
};

type Columns = typeof spanColumns;
type Rejection = WriteResult['rejected'][number];

export async function write(pool: Pool, documents: readonly TelemetryDocument[]): Promise<WriteResult> {
  const spans: Row[] = [];
  const logs: Row[] = [];
  for (const document of documents) {
    if (isSpan(document)) spans.push(spanRow(document.id, document.span));
    else logs.push(logRow(document.id, document.log));
  }
  const rejected: Rejection[] = [];
  const created = (await insert(pool, spanColumns, spans, rejected)) + (await insert(pool, logColumns, logs, rejected));
  return { created, duplicates: documents.length - created - rejected.length, rejected };
}

async function insert(pool: Pool, columns: Columns, rows: readonly Row[], rejected: Rejection[]): Promise<number> {
  let created = 0;
  for (let from = 0; from < rows.length; from += STATEMENT_ROWS) {
    created += await insertOrSplit(pool, columns, rows.slice(from, from + STATEMENT_ROWS), rejected);
  }
  return created;
}

/** One bad document must not cost its neighbours: what the server refuses as data is halved until it stands alone. */
async function insertOrSplit(
  pool: Pool,
  columns: Columns,
  rows: readonly Row[],
  rejected: Rejection[],
): Promise<number> {
  try {
    return await insertRows(pool, columns, rows);
  } catch (error) {
    if (isDeadlock(error)) return insertOrSplit(pool, columns, rows, rejected);
    if (!isBadData(error)) throw error;
    const [first] = rows;
    if (rows.length === 1 && first) {
      rejected.push({ id: first.id, reason: (error as Error).message, retry: false });
      return 0;
    }
    const middle = Math.ceil(rows.length / 2);
    return (
      (await insertOrSplit(pool, columns, rows.slice(0, middle), rejected)) +
      (await insertOrSplit(pool, columns, rows.slice(middle), rejected))
    );
  }
}

async function insertRows(pool: Pool, { into, types }: Columns, rows: readonly Row[]): Promise<number> {
  const arrays = types.map((_, column) => rows.map(({ values }) => values[column] ?? null));
  const unnested = types.map((type, column) => `$${column + 1}::${type}[]`).join(', ');
  const { rowCount } = await pool.query(
    `INSERT INTO ${into} SELECT * FROM unnest(${unnested}) ON CONFLICT DO NOTHING`,
    [...arrays],
  );
  return rowCount ?? 0;
}

/** Classes 22 and 23: data exceptions and violated constraints; 54: a value too large for an index or a row. */
function isBadData(error: unknown): boolean {
  const code = (error as { code?: string }).code ?? '';
  return !isConnectionLoss(error) && /^(22|23|54)/.test(code);
}

/** Two writers of the same documents in different order: the server ends one, and finds its rows there the next time. */
function isDeadlock(error: unknown): boolean {
  return (error as { code?: string }).code === '40P01';
}
