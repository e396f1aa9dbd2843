import { setTimeout as pause } from 'node:timers/promises';
import { hasCode } from '../errors';
import type { Cell } from './cell';
import { operate } from './operate';
import { environmentOf, type FleetParts } from './parts';
import type { JournalEntry } from './rows';

/** Takes up the operations that nobody runs, those of other cells at the same time. */
export interface Dispatcher {
  /** Looks now instead of at the next half second, unless all that changed is an operation that runs here. */
  poke(operation?: number): void;
  /** Whether an operation of the cell runs here. */
  holds(cell: Cell): boolean;
  /** Leaves what runs where the journal has it. */
  stop(): Promise<void>;
}

export interface DispatcherOptions {
  /** Called before an operation of a cell is taken; resolves when nobody else in this process works on the cell. */
  readonly clear: (cell: Cell) => Promise<void>;
  readonly onFinished: (entry: JournalEntry) => void;
}

const LOOK_MS = 500;
const LEASE_SECONDS = 5;
/** An instance that takes its grace to stop is not waited for: it is stopped by whoever comes next. */
const STOP_LIMIT_MS = 2_000;

export function startDispatcher(parts: FleetParts, { clear, onFinished }: DispatcherOptions): Dispatcher {
  const stopping = new AbortController();
  const held = new Map<number, { readonly cell: Cell; readonly work: Promise<void> }>();
  let looking = false;
  let again = false;
  let away = '';

  const look = async (): Promise<void> => {
    if (looking) {
      again = true;
      return;
    }
    looking = true;
    try {
      do {
        again = false;
        const { rows } = await parts.pool.query<Cell & { id: string }>(
          `SELECT id, service, environment FROM fleet.operations WHERE state IN ('planned', 'running', 'undoing') ORDER BY id`,
        );
        for (const { id, service, environment } of rows) consider(Number(id), { service, environment });
      } while (again && !stopping.signal.aborted);
    } catch (error) {
      parts.log.debug({ error }, 'Looking for operations failed; tried again');
    } finally {
      looking = false;
    }
  };

  const consider = (id: number, cell: Cell): void => {
    if (held.has(id) || stopping.signal.aborted || !parts.environments.has(cell.environment)) return;
    const work = take(id, cell)
      .catch((error) => failed(id, error))
      .finally(() => held.delete(id));
    held.set(id, { cell, work });
  };

  /** While a registry is away its operations wait, which is said once. */
  const failed = (id: number, error: Error): void => {
    if (!hasCode(error, 'registry.unreachable')) {
      parts.log.error({ error, operation: id }, 'Running the operation failed; it is taken up again');
      return;
    }
    if (away !== error.message) parts.log.warn({ error, operation: id }, 'The operation waits for the registry');
    away = error.message;
  };

  const take = async (id: number, cell: Cell): Promise<void> => {
    await clear(cell);
    const { registry } = environmentOf(parts, cell.environment);
    const lease = await registry.lease(`operation/${cell.service}`, parts.holder, LEASE_SECONDS);
    away = '';
    if (lease === undefined) return;
    try {
      const entry = await parts.journal.take(id, lease.fence, parts.holder);
      if (entry === undefined) return;
      const log = parts.log.child({ operation: id, ...cell });
      if (entry.state !== 'planned')
        log.info({ event: 'operation.resumed', fence: lease.fence }, `Taken up at: ${entry.phase}`);
      const finished = await operate({
        parts,
        hold: { operation: id, fence: lease.fence },
        entry,
        cell,
        from: entry.from === undefined ? undefined : await parts.releases.get(cell.service, entry.from),
        to: await parts.releases.get(cell.service, entry.to),
        signal: AbortSignal.any([lease.lost, stopping.signal]),
        log,
      });
      if (finished) onFinished(finished);
    } finally {
      await lease.release().catch(() => undefined);
    }
  };

  const timer = setInterval(() => void look(), LOOK_MS);
  void look();
  return {
    poke(operation) {
      if (operation === undefined || !held.has(operation)) void look();
    },
    holds: ({ service, environment }) =>
      [...held.values()].some(({ cell }) => cell.service === service && cell.environment === environment),
    async stop() {
      clearInterval(timer);
      stopping.abort();
      await settled(
        [...held.values()].map(({ work }) => work),
        STOP_LIMIT_MS,
      );
    },
  };
}

/** Resolves when all work is over, or the time is. */
export async function settled(work: Iterable<Promise<unknown>>, limitMs: number): Promise<void> {
  const over = new AbortController();
  const limit = pause(limitMs, undefined, { signal: over.signal }).catch(() => undefined);
  await Promise.race([Promise.allSettled(work), limit]);
  over.abort();
}
