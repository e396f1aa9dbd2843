import { appendFileSync } from 'node:fs';

/** What every port is held to, in the order of the table that a run with real servers ends with. */
export const columns = [
  'order',
  'redelivery',
  'duplicates',
  'back-pressure',
  'close while busy',
  'unreachable',
  'lost and back',
  'paused',
  'wrong credentials',
  'another environment',
] as const;
export type Column = (typeof columns)[number];

/**
 * One test of a port's contract. The columns it covers are kept in its title, where the table finds them
 * (test/jest/adapter-table.js). With a reason it is not run, and shown as unsupported.
 */
export function promised(
  text: string,
  run: () => Promise<void>,
  { covers = [], unsupported }: { readonly covers?: readonly Column[]; readonly unsupported?: string | undefined },
): void {
  const title = covers.length === 0 ? text : `${text} [${covers.join(', ')}]`;
  if (unsupported === undefined) test(title, run);
  else test.skip(`${title} (unsupported: ${unsupported})`, run);
}

/** Title of an adapter's suite; the table reads port and adapter from it. */
export function promisesOf(port: string, adapter: string): string {
  return `${adapter} keeps the promises of ${port}`;
}

/**
 * A row of the table: which server was really there, and which columns say nothing about this port or adapter, each
 * with its reason. Call it in `beforeAll`.
 */
export function exercised(row: {
  readonly port: string;
  readonly adapter: string;
  /** What the server says of itself, asked in this run. */
  readonly version: string;
  readonly meaningless?: Partial<Record<Column, string>>;
}): void {
  const file = process.env['EDWIN_ADAPTER_TABLE'];
  if (file) appendFileSync(file, `${JSON.stringify(row)}\n`);
}
