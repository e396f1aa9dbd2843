export function tableOf(
  tests: readonly { ancestorTitles: string[]; title: string; status: string }[],
  facts: readonly unknown[],
  expected?: Readonly<Record<string, readonly string[]>>,
): { lines: string[]; holes: string[]; skips: string[] };
export const columns: readonly string[];
