import { EdwinError } from '../../platform/errors';

/** A load curve: how many messages came in each step. */
export interface Trace {
  /** Shown to people: the name of its file. */
  readonly name: string;
  /** Beginning of the first step, ms since 1970. */
  readonly startMs: number;
  /** 1 s to 1 h. */
  readonly stepSeconds: number;
  /** Without a gap: a missing row is zero. */
  readonly counts: Float64Array;
}

const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)\s*(Z|UTC|[+-]\d\d:?\d\d)?)?$/i;
/** A year of seconds; a trace that seems longer has a wrong timestamp. */
const MOST_STEPS = 32_000_000;
const NAMED = 10;

/**
 * Reads `timestamp,count` rows in the order of time; the step is the distance that most neighbours have. Throws
 * `simulate.bad-trace` that names every bad row (the first ten) by its line.
 */
export function readTrace(name: string, text: string): Trace {
  const rows: { line: number; at: number; count: number }[] = [];
  const bad: string[] = [];
  text.split(/\r?\n/).forEach((content, index) => {
    const line = index + 1;
    if (content.trim() === '' || (line === 1 && /^\uFEFF?["\s]*[a-z]/i.test(content))) return;
    const row = readRow(content);
    if (typeof row === 'string') bad.push(`line ${line}: ${row}`);
    else rows.push({ line, ...row });
  });
  const stepMs = commonDistance(rows.map(({ at }) => at));
  let before: number | undefined;
  for (const { line, at } of rows) {
    if (before !== undefined && at <= before)
      bad.push(`line ${line}: ${shown(at)} is not later than the row before (${shown(before)})`);
    else if (stepMs > 0 && (at - rows[0]!.at) % stepMs !== 0)
      bad.push(`line ${line}: ${shown(at)} is off the step of ${stepMs / 1000} s`);
    before = at;
  }
  if (bad.length > 0) throw refuse(name, bad);
  if (rows.length < 2) throw refuse(name, ['it has fewer than two rows of timestamp,count']);
  if (stepMs < 1000 || stepMs > 3_600_000)
    throw refuse(name, [`its step is ${stepMs / 1000} s; 1 s to 1 h can be read`]);
  const startMs = rows[0]!.at;
  const steps = (rows.at(-1)!.at - startMs) / stepMs + 1;
  if (steps > MOST_STEPS)
    throw refuse(name, [`it spans ${Math.round((steps * stepMs) / 86_400_000)} days of ${stepMs / 1000} s`]);
  const counts = new Float64Array(steps);
  for (const { at, count } of rows) counts[(at - startMs) / stepMs] = count;
  return { name, startMs, stepSeconds: stepMs / 1000, counts };
}

/** UTC unless it says otherwise; undefined when it is no time. Whole seconds since 1970 are a time, too. */
export function readTime(text: string): number | undefined {
  if (/^\d{9,10}$/.test(text)) return Number(text) * 1000;
  const parts = TIME.exec(text);
  if (!parts) return undefined;
  const [, date, time = '00:00', zone = 'Z'] = parts;
  const at = Date.parse(`${date}T${time}${/^(z|utc)$/i.test(zone) ? 'Z' : zone}`);
  return Number.isNaN(at) ? undefined : at;
}

function readRow(content: string): { at: number; count: number } | string {
  const cells = content.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
  if (cells.length !== 2) return `${cells.length} columns where timestamp,count are expected`;
  const [time, number] = cells as [string, string];
  const at = readTime(time);
  if (at === undefined) return `"${time.slice(0, 40)}" is no time such as 2014-07-01T00:30`;
  const count = number === '' ? Number.NaN : Number(number);
  if (!Number.isFinite(count) || count < 0) return `"${number.slice(0, 40)}" is no count`;
  return { at, count };
}

function commonDistance(times: readonly number[]): number {
  const often = new Map<number, number>();
  for (let i = 1; i < times.length; i++) {
    const distance = times[i]! - times[i - 1]!;
    if (distance > 0) often.set(distance, (often.get(distance) ?? 0) + 1);
  }
  return [...often].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0]?.[0] ?? 0;
}

const shown = (at: number): string => new Date(at).toISOString().slice(0, 19);

function refuse(name: string, problems: readonly string[]): EdwinError {
  const more = problems.length > NAMED ? `; and ${problems.length - NAMED} more` : '';
  return new EdwinError('simulate.bad-trace', `${name}: ${problems.slice(0, NAMED).join('; ')}${more}.`);
}
