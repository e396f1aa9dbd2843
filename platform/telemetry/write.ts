import { isConnectionLoss, type Pool } from '../database/postgres';
import { isSpan, logRow, type Row, spanRow } from './rows';
import type { TelemetryDocument, WriteResult } from './telemetry';

/** Rows of one statement: enough to be fast, small enough not to hold the server's memory. */
const STATEMENT_ROWS = 1_000;

const spans = {
  table: 'telemetry.spans',
  columns: {
    namespace: 'text',
    id: 'text',
    time: 'timestamptz',
    trace_id: 'text',
    service: 'text',
    version: 'text',
    root: 'boolean',
    entry: 'boolean',
    failed: 'boolean',
    duration: 'bigint',
    started: 'bigint',
  },
};

const logs = {
  table: 'telemetry.logs',
  columns: {
    namespace: 'text',
    id: 'text',
    time: 'timestamptz',
    trace_id: 'text',
    service: 'text',
    instance: 'text',
    severity: 'smallint',
    event_name: 'text',
  },
};

/** A table, and the columns beside `document` in the order of the values of a row. */
interface Target {
  readonly table: string;
  readonly columns: Readonly<Record<string, string>>;
}

type Rejection = WriteResult['rejected'][number];

export async function write(pool: Pool, documents: readonly TelemetryDocument[]): Promise<WriteResult> {
  const spanRows: Row[] = [];
  const logRows: Row[] = [];
  for (const document of documents) {
    if (isSpan(document)) spanRows.push(spanRow(document.id, document.span));
    else logRows.push(logRow(document.id, document.log));
  }
  const rejected: Rejection[] = [];
  const created = (await insert(pool, spans, spanRows, rejected)) + (await insert(pool, logs, logRows, rejected));
  return { created, duplicates: documents.length - created - rejected.length, rejected };
}

async function insert(pool: Pool, target: Target, rows: readonly Row[], rejected: Rejection[]): Promise<number> {
  let created = 0;
  for (let from = 0; from < rows.length; from += STATEMENT_ROWS) {
    created += await insertOrSplit(pool, target, rows.slice(from, from + STATEMENT_ROWS), rejected);
  }
  return created;
}

/** One bad document must not cost its neighbours: what the server refuses as data is halved until it stands alone. */
async function insertOrSplit(pool: Pool, target: Target, rows: readonly Row[], rejected: Rejection[]): Promise<number> {
  try {
    return await insertRows(pool, target, rows);
  } catch (error) {
    if (isDeadlock(error)) return insertOrSplit(pool, target, rows, rejected);
    if (!isBadData(error)) throw error;
    const [first] = rows;
    if (rows.length === 1 && first) {
      rejected.push({ id: first.id, reason: (error as Error).message, retry: false });
      return 0;
    }
    const middle = Math.ceil(rows.length / 2);
    return (
      (await insertOrSplit(pool, target, rows.slice(0, middle), rejected)) +
      (await insertOrSplit(pool, target, rows.slice(middle), rejected))
    );
  }
}

/** Documents go as lines of one text, since an array of them costs escaping every quote; JSON holds no line feed. */
async function insertRows(pool: Pool, { table, columns }: Target, rows: readonly Row[]): Promise<number> {
  const types = Object.values(columns);
  const given = [
    ...types.map((type, index) => `$${index + 1}::${type}[]`),
    `string_to_array($${types.length + 1}, E'\\n')`,
  ];
  const { rowCount } = await pool.query({
    name: table,
    text: `INSERT INTO ${table} (${Object.keys(columns).join(', ')}, document)
      SELECT ${types.map((_, index) => `c${index}`).join(', ')}, document::json
        FROM unnest(${given.join(', ')}) AS new (${types.map((_, index) => `c${index}`).join(', ')}, document)
      ON CONFLICT DO NOTHING`,
    values: [
      ...types.map((_, index) => rows.map(({ values }) => values[index] ?? null)),
      rows.map(({ document }) => document).join('\n'),
    ],
  });
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
