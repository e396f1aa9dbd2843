import { until } from '../until';

/** A cell of the board, as far as scenarios look at it. */
export interface Cell {
  readonly service: string;
  readonly environment: string;
  readonly serving?: { readonly number: number };
  readonly wanted: number;
  readonly instances: readonly { readonly state: string; readonly release: number }[];
  readonly last?: { readonly reason: string; readonly logTail: readonly string[] };
  readonly url?: string;
}

export async function cellsOf(url: string, environment: string): Promise<Cell[]> {
  const answer = (await (await fetch(`${url}/api/board`)).json()) as { cells: Cell[] };
  return answer.cells.filter((cell) => cell.environment === environment);
}

/** Serves with as many healthy instances as are wanted. */
export function isWhole({ serving, wanted, instances }: Cell): boolean {
  const healthy = instances.filter(({ state, release }) => state === 'healthy' && release === serving?.number);
  return serving !== undefined && healthy.length === wanted;
}

/** Waits until every service of the environment serves: what a first start does by itself in the first one. */
export async function untilWhole(url: string, environment: string): Promise<void> {
  await until(async () => (await cellsOf(url, environment)).every(isWhole), {
    withinMs: 90_000,
    what: `every service to serve in ${environment}`,
  });
}
