import type { Operation, OperationState, OperationStep } from './fleet';

/** An operation with what only those who run it need. */
export interface JournalEntry extends Operation {
  readonly wanted: number;
  /** Host of each new instance, once chosen. */
  readonly placement: readonly string[] | undefined;
  /** What an undo could not put back. */
  readonly damage: string | undefined;
  /** Headers of the trace in which it was requested. */
  readonly trace: Readonly<Record<string, string>>;
}

export interface OperationRow {
  id: string;
  kind: 'deployment' | 'rollback';
  service: string;
  environment: string;
  from_release: number | null;
  to_release: number;
  state: OperationState;
  requested_by: string;
  requested_at: Date;
  finished_at: Date | null;
  reason: string | null;
  damage: string | null;
  log_tail: string[];
  phase: string;
  wanted: number;
  healthy: number;
  placement: string[] | null;
  origin: Record<string, string>;
  trace: Record<string, string>;
  trace_id: string | null;
  steps: { name: string; started_at: string; finished_at: string | null; detail: string }[] | null;
}

/** An operation with its steps, in one row. */
export const selectOperation = `
  SELECT o.*, (SELECT json_agg(json_build_object('name', s.name, 'started_at', s.started_at,
                                                 'finished_at', s.finished_at, 'detail', s.detail) ORDER BY s.position)
               FROM fleet.steps s WHERE s.operation = o.id) AS steps
  FROM fleet.operations o`;

export function entryOf(row: OperationRow): JournalEntry {
  return {
    id: Number(row.id),
    kind: row.kind,
    service: row.service,
    environment: row.environment,
    from: row.from_release ?? undefined,
    to: row.to_release,
    state: row.state,
    requestedBy: row.requested_by,
    requestedAt: row.requested_at,
    finishedAt: row.finished_at ?? undefined,
    reason: [row.reason, row.damage].filter((part) => part !== null).join(' ') || undefined,
    logTail: row.log_tail,
    phase: row.phase,
    progress: { done: row.healthy, total: row.wanted },
    steps: (row.steps ?? []).map(stepOf),
    origin: row.origin,
    traceId: row.trace_id ?? undefined,
    wanted: row.wanted,
    placement: row.placement ?? undefined,
    damage: row.damage ?? undefined,
    trace: row.trace,
  };
}

/** The operation as others see it. */
export function shown(entry: JournalEntry): Operation {
  const { wanted: _wanted, placement: _placement, damage: _damage, trace: _trace, ...operation } = entry;
  return operation;
}

export const operationOf = (row: OperationRow): Operation => shown(entryOf(row));

function stepOf(step: NonNullable<OperationRow['steps']>[number]): OperationStep {
  return {
    name: step.name,
    startedAt: new Date(step.started_at),
    finishedAt: step.finished_at === null ? undefined : new Date(step.finished_at),
    detail: step.detail,
  };
}
