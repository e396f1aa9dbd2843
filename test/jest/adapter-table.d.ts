export function tableOf(
  tests: readonly { ancestorTitles: string[]; title: string; status: string }[],
  facts: readonly unknown[],
): { lines: string[]; holes: string[]; skips: string[] };
