import { isConnectionLoss } from '../database/postgres';
import { EdwinError, explain } from '../errors';
import { operations } from '../metrics';
import { inSpan } from '../tracing';
import type { OperationState } from './fleet';
import { forwardActs } from './forward';
import { logTail } from './instances';
import { isFenced } from './journal';
import type { JournalEntry } from './rows';
import { NeverHealthy, type Run, walk } from './run';
import { undoActs } from './undo';

/**
 * Runs an operation from wherever the journal has it to its end. When it returns undefined the operation is not final:
 * the lease was lost, the controller stops, or the database is away; whoever takes it next goes on.
 *
 * A deployment whose release is not healthy is undone. So is a rollback before its traffic is shifted, which leaves
 * everything as it was; after that a rollback goes forward only, since it must never be turned back by itself into the
 * release that somebody wanted to leave. It then ends as `failed`, says what is missing, and the keeper goes on trying.
 */
export async function operate(run: Run): Promise<JournalEntry | undefined> {
  return inSpan(
    `${run.entry.kind} ${run.cell.service} ${run.cell.environment}`,
    { parent: run.entry.trace, attributes: { 'deployment.id': String(run.hold.operation) } },
    async () => {
      try {
        return await toItsEnd(run);
      } catch (error) {
        if (run.signal.aborted || isFenced(error) || isConnectionLoss(error)) {
          run.log.info({ error }, 'The operation is left to whoever takes it next');
          return undefined;
        }
        throw error;
      }
    },
  );
}

async function toItsEnd(run: Run): Promise<JournalEntry> {
  const { parts, hold, entry } = run;
  if (entry.state === 'planned') {
    await parts.journal.begin(hold);
    run.log.info(
      { event: `${entry.kind}.started`, ...attributes(run) },
      `${entry.kind} of ${entry.service} ${entry.to} to ${entry.environment} begins`,
    );
  }
  const forward = forwardActs(run);
  if (entry.state === 'undoing') return giveUp(run, await isShifted(run, forward.steps));
  try {
    await walk(run, forward.steps, forward.acts);
    return await finish(run, 'done');
  } catch (error) {
    if (run.signal.aborted || isFenced(error) || isConnectionLoss(error)) throw error;
    const shifted = await isShifted(run, forward.steps);
    const { sentence, tail } = await reasonOf(run, error, shifted);
    await parts.journal.undo(hold, sentence, tail);
    return giveUp(run, shifted);
  }
}

/** After `undoing` is journaled. */
async function giveUp(run: Run, shifted: boolean): Promise<JournalEntry> {
  return run.entry.kind === 'rollback' && shifted ? finish(run, 'failed') : undo(run);
}

async function undo(run: Run): Promise<JournalEntry> {
  const { steps, acts } = undoActs(run);
  try {
    await walk(run, steps, acts);
  } catch (error) {
    if (run.signal.aborted || isFenced(error) || isConnectionLoss(error)) throw error;
    run.log.error({ error }, 'The undo can not be finished');
    await run.parts.journal.damaged(run.hold, `The undo stopped: ${explain(error)}`);
    return finish(run, 'failed');
  }
  const { damage } = await run.parts.journal.read(run.hold.operation);
  if (damage !== undefined) return finish(run, 'failed');
  return finish(
    run,
    'undone',
    run.from === undefined ? 'Nothing serves.' : `Release ${run.from.number} serves as before.`,
  );
}

async function isShifted(run: Run, steps: ReturnType<typeof forwardActs>['steps']): Promise<boolean> {
  const shift = steps.find(({ name }) => name === 'shift');
  return shift !== undefined && (await run.parts.journal.done(run.hold.operation)).has(shift.position);
}

/** Why it goes no further, for people, and the log lines that show it. */
async function reasonOf(run: Run, error: unknown, shifted: boolean): Promise<{ sentence: string; tail: string[] }> {
  const { parts, cell, to } = run;
  if (!(error instanceof NeverHealthy)) {
    run.log.error({ error }, 'A step failed');
    return {
      sentence:
        error instanceof EdwinError
          ? explain(error)
          : `Internal error in ${run.entry.kind} ${run.hold.operation}; the log has it.`,
      tail: [],
    };
  }
  const tail = error.instance === undefined ? [] : await logTail(parts, cell, to, error.instance);
  const fault = shifted ? 'did not stay healthy' : 'never became healthy';
  return { sentence: `Release ${to.number} ${fault}: ${error.message}`, tail };
}

async function finish(run: Run, state: OperationState, remark?: string): Promise<JournalEntry> {
  const entry = await run.parts.journal.finish(run.hold, state, remark);
  const seconds = (Date.now() - entry.requestedAt.getTime()) / 1_000;
  operations.observe({ kind: entry.kind, outcome: state }, seconds);
  const status = state === 'done' ? 'succeeded' : state;
  run.log.info(
    { event: `${entry.kind}.finished`, ...attributes(run), 'deployment.status': status, seconds },
    `${entry.kind} of ${entry.service} ${entry.to} to ${entry.environment} is ${state}${entry.reason ? `: ${entry.reason}` : ''}`,
  );
  return entry;
}

function attributes({ entry, to }: Run): Record<string, unknown> {
  return {
    'deployment.id': String(entry.id),
    'vcs.ref.head.revision': to.commit,
    service: entry.service,
    environment: entry.environment,
    release: entry.to,
  };
}
