import type { Fleet, InstanceStatus, Operation, Release, ServiceStatus } from '../../platform/fleet/fleet';
import type { Logger } from '../../platform/log';

/** A release as the page needs it. */
export interface ReleaseCard {
  readonly number: number;
  readonly commit: string;
  readonly subject: string;
  readonly author: string;
  readonly createdAt: Date;
}

/** One cell of the board as the page gets it; dates become ISO 8601. */
export interface Cell extends Omit<ServiceStatus, 'serving' | 'instances'> {
  readonly serving: ReleaseCard | undefined;
  readonly instances: readonly InstanceStatus[];
}

export function toCell(status: ServiceStatus): Cell {
  return { ...status, serving: status.serving && toReleaseCard(status.serving) };
}

export function toReleaseCard({ number, commit, subject, author, createdAt }: Release): ReleaseCard {
  return { number, commit, subject, author, createdAt };
}

export interface BoardFeed {
  /** All cells now. */
  read(): Promise<Cell[]>;
  /** While somebody looks: watches the fleet and hands over the cells that changed. */
  start(): void;
  stop(): void;
}

/** Reads the fleet again after every change, never twice at once, and passes on only what is different. */
export function createBoardFeed(fleet: Fleet, log: Logger, onChange: (cells: Cell[]) => void): BoardFeed {
  const known = new Map<string, string>();
  let watch: { stop(): void } | undefined;
  let reading = false;
  let again = false;

  const read = async (): Promise<Cell[]> => (await fleet.status()).map(toCell);
  const refresh = async (): Promise<void> => {
    if (reading) {
      again = true;
      return;
    }
    reading = true;
    do {
      again = false;
      const changed = await read().then(
        (cells) => cells.filter((cell) => differs(known, cell)),
        (error: unknown) => {
          log.warn({ error }, 'The board could not be read');
          return [];
        },
      );
      if (watch !== undefined && changed.length > 0) onChange(changed);
    } while (again && watch !== undefined);
    reading = false;
  };
  return {
    read,
    start() {
      if (watch !== undefined) return;
      known.clear();
      watch = fleet.watch(() => void refresh());
      void refresh();
    },
    stop() {
      watch?.stop();
      watch = undefined;
    },
  };
}

function differs(known: Map<string, string>, cell: Cell): boolean {
  const key = `${cell.environment}/${cell.service}`;
  const text = JSON.stringify(cell);
  if (known.get(key) === text) return false;
  known.set(key, text);
  return true;
}

/** Moments to mark on charts: when operations began. */
export function marksOf(operations: readonly Operation[], since: Date): { at: Date; label: string }[] {
  return operations
    .filter((operation) => operation.requestedAt >= since)
    .map((operation) => ({
      at: operation.requestedAt,
      label: `${operation.kind} to ${operation.to}, ${operation.state}`,
    }));
}
