const operators = /[;&|<>()`\n]/;
const quoted = /"([^"]*)"|'([^']*)'/g;
const expansions = /[$*?~#{}[\]\\!]/;

/**
 * The arguments that run a command line. Plain words run directly, so that signals reach the program itself; a line
 * that needs a shell gets one, which steps aside (`exec`) when nothing follows.
 */
export function argumentsOf(line: string): string[] {
  const text = line.trim();
  if (operators.test(text)) return ['/bin/sh', '-c', text];
  if (expansions.test(text)) return ['/bin/sh', '-c', `exec ${text}`];
  return splitWords(text) ?? ['/bin/sh', '-c', `exec ${text}`];
}

/** Splits at spaces outside of quotes; undefined when a quote is not closed. */
function splitWords(text: string): string[] | undefined {
  if (/["']/.test(text.replace(quoted, ''))) return undefined;
  const words = text.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? [];
  return words.map((word) => word.replace(quoted, (_, double, single) => double ?? single));
}
