/**
 * Lines of an instance as a person reads them: pino's JSON becomes level and message with the stack of its error
 * below; frames of Node itself and of packages, colours, and empty lines are left out.
 */
export function readableLines(raw: readonly string[]): string[] {
  return raw.flatMap((line) => {
    const entry = parseEntry(line);
    return (entry === undefined ? [plain(line)] : renderEntry(entry)).filter(isMeaningful).map(shorten);
  });
}

const LONGEST = 400;
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with the escape character
const colours = /\u001b\[[0-9;]*m/g;
const noise = /^\s*at .*(\(node:|node_modules|<anonymous>)|^\s*at node:|^Node\.js v\d|^\s*$/;

function isMeaningful(line: string): boolean {
  return !noise.test(line);
}

function plain(line: string): string {
  return line.replace(colours, '').trimEnd();
}

function shorten(line: string): string {
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}

interface Entry {
  level?: unknown;
  msg?: unknown;
  message?: unknown;
  error?: unknown;
  err?: unknown;
}

function parseEntry(line: string): Entry | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Entry;
  } catch {
    return undefined;
  }
}

const levels: Readonly<Record<string, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

function renderEntry(entry: Entry): string[] {
  const text = entry.msg ?? entry.message;
  if (typeof text !== 'string') return [JSON.stringify(entry)];
  const level = levels[String(entry.level)] ?? (typeof entry.level === 'string' ? entry.level : 'info');
  const error = (entry.error ?? entry.err) as { stack?: unknown; message?: unknown } | string | undefined;
  const details = typeof error === 'object' ? (error?.stack ?? error?.message) : error;
  const lines = typeof details === 'string' ? details.split('\n').map((line) => `  ${line}`) : [];
  return [`${level} ${text}`, ...lines].map(plain);
}

/** Replaces every secret value by its name. Short values are left: they would hit by chance. */
export function withoutSecrets(line: string, secrets: Readonly<Record<string, string>>): string {
  let result = line;
  for (const [name, value] of Object.entries(secrets)) {
    if (value.length >= 6) result = result.replaceAll(value, `[${name}]`);
  }
  return result;
}
