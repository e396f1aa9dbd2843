import type { Instance } from '../hosts/hosts';
import type { Cell } from './cell';
import { hiddenValues } from './instances';
import { readableLines, withoutSecrets } from './log-lines';
import type { FleetParts } from './parts';

interface Line {
  readonly instance: string;
  readonly line: string;
  readonly at: Date | undefined;
}

/** The newest lines of what runs in a cell and of what exited last, oldest first, as people read them. */
export async function readLogs(parts: FleetParts, cell: Cell, tail: number): Promise<Line[]> {
  const instances = await parts.listing.of(cell, 200);
  const lists = await Promise.all(instances.map((instance) => linesOf(parts, cell, instance, tail)));
  const merged = lists.flat();
  // Lines without a time stay behind the one they follow: sorting keeps the order of equals.
  return merged.sort((a, b) => (a.at?.getTime() ?? 0) - (b.at?.getTime() ?? 0)).slice(-tail);
}

async function linesOf(parts: FleetParts, cell: Cell, { id, labels }: Instance, tail: number): Promise<Line[]> {
  const release = await parts.releases.get(cell.service, labels.release).catch(() => undefined);
  const hidden = release === undefined ? {} : hiddenValues(parts, cell, release);
  const lines: Line[] = [];
  let last: Date | undefined;
  try {
    for await (const { text, at } of parts.hosts.logs(id, { tail })) {
      last = at ?? last;
      for (const line of readableLines([text]))
        lines.push({ instance: id, line: withoutSecrets(line, hidden), at: last });
    }
  } catch {
    return lines; // its host is away, or it was removed meanwhile
  }
  return lines;
}
