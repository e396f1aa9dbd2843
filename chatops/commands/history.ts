import { z } from 'zod';
import type { Operation } from '../../platform/fleet/fleet';
import { defineCommand } from '../command';
import { paragraph, say, table } from '../slack/message';
import { age, duration } from '../time';
import { textTable } from './text-table';

export const history = defineCommand({
  name: 'history',
  short: true,
  usage: '<service> [env] [--limit N]',
  summary: 'The last operations of a service and how they ended',
  examples: ['history bot', 'history bot prod', 'history bot prod --limit 30'],
  role: 'viewer',
  changes: false,
  args: z.object({
    service: z.string(),
    env: z.string().optional(),
    limit: z.coerce.number().int().min(1).max(90).default(10),
  }),
  async run({ service, env, limit }, { fleet, now }) {
    const list = await fleet.history({ service, limit, ...(env !== undefined && { environment: env }) });
    const where = env === undefined ? service : `${service} in ${env}`;
    if (list.length === 0)
      return { message: say(`Nothing has been done to ${where} yet.`), audience: 'asker', exit: 0, data: [] };
    const rows = [['Operation', 'Where', 'How', 'Asked by'], ...list.map((operation) => row(operation, now))];
    const reasons = list
      .filter(({ reason }) => reason !== undefined)
      .slice(0, 3)
      .map(({ id, reason }) => `${id}: ${reason}`);
    return {
      message: say(`The last ${list.length === 1 ? 'operation' : `${list.length} operations`} of ${where}.`, [
        table(rows),
        ...(reasons.length > 0 ? [paragraph(reasons.join('\n'))] : []),
      ]),
      lines: [...textTable(rows), ...(reasons.length > 0 ? ['', ...reasons] : [])],
      audience: 'asker',
      exit: 0,
      data: list.map(plainOperation),
    };
  },
});

function row(operation: Operation, now: Date): string[] {
  const { id, kind, environment, from, to, state, requestedBy, requestedAt, finishedAt } = operation;
  const took = finishedAt ? ` in ${duration(finishedAt.getTime() - requestedAt.getTime())}` : '';
  const move = `${kind === 'rollback' ? 'rollback ' : ''}${from ?? 'nothing'} → ${to}`;
  return [String(id), `${environment}: ${move}`, `${state}${took}`, `${requestedBy}, ${age(requestedAt, now)}`];
}

/** An operation as `--json` shows it in lists. */
function plainOperation({
  id,
  kind,
  service,
  environment,
  from,
  to,
  state,
  requestedBy,
  requestedAt,
  finishedAt,
  reason,
}: Operation): unknown {
  return {
    operation: id,
    kind,
    service,
    environment,
    from: from ?? null,
    to,
    state,
    by: requestedBy,
    at: requestedAt,
    duration_ms: finishedAt ? finishedAt.getTime() - requestedAt.getTime() : null,
    reason: reason ?? null,
  };
}
