import type { Queryable } from '../database/postgres';
import type { Operation, OperationState } from './fleet';
import { type OperationRow, operationOf, selectOperation } from './rows';

export interface HistoryFilter {
  readonly service?: string;
  readonly environment?: string;
  readonly limit: number;
  readonly states?: readonly OperationState[];
}

/** Operations, newest first. */
export async function readHistory(
  database: Queryable,
  { service, environment, limit, states }: HistoryFilter,
): Promise<Operation[]> {
  const values: unknown[] = [];
  const where: string[] = [];
  const only = (condition: string, value: unknown): void => {
    if (value === undefined) return;
    values.push(value);
    where.push(condition.replace('?', `$${values.length}`));
  };
  only('o.service = ?', service);
  only('o.environment = ?', environment);
  only('o.state = ANY(?)', states);
  const condition = where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`;
  const { rows } = await database.query<OperationRow>(
    `${selectOperation} ${condition} ORDER BY o.id DESC LIMIT ${Math.max(1, Math.floor(limit))}`,
    values,
  );
  return rows.map(operationOf);
}
