import { z } from 'zod';

/** Floors and caps that hold at some times; both include their first moment and exclude their end. */
const clock = z.string().regex(/^([01]\d|2[0-4]):[0-5]\d$/, 'must be a time of day such as 07:30');
const moment = z.iso.datetime({ offset: true, error: 'must be a time such as 2026-11-27T08:00:00Z' });
const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

export const date = z.iso.date('must be a date such as 2026-12-24');
export const zone = z.string().refine(isZone, 'must be a time zone such as Europe/Prague');

export const calendarRule = z
  .strictObject({
    reason: z.string().min(1).max(200).meta({ description: 'Shown with every decision that it bends' }),
    min: z.int().min(0).max(10_000).optional().meta({ description: 'At least so many' }),
    max: z.int().min(0).max(10_000).optional().meta({ description: 'At most so many' }),
    days: z.array(z.enum(DAYS)).min(1).optional().meta({ description: 'Days of the week; default: all' }),
    dates: z.array(date).min(1).optional().meta({ description: 'Only these dates' }),
    holidays: z.enum(['only', 'except']).optional().meta({ description: 'Only on holidays, or not on them' }),
    from: clock.optional().meta({ description: 'Time of day from which it holds; may be later than `to`' }),
    to: clock.optional().meta({ description: 'Time of day at which it ends' }),
    begin: moment.optional().meta({ description: 'Planned event: its beginning' }),
    end: moment.optional().meta({ description: 'Planned event: its end' }),
  })
  .refine(({ min, max }) => min !== undefined || max !== undefined, 'needs min or max')
  .refine(({ min, max }) => min === undefined || max === undefined || min <= max, 'min ≤ max must hold')
  .refine(({ from, to }) => (from === undefined) === (to === undefined), 'from and to go together')
  .refine(({ begin, end }) => begin === undefined || end !== undefined, 'a planned event needs its end')
  .refine(
    ({ begin, end }) => begin === undefined || end === undefined || Date.parse(begin) < Date.parse(end),
    'the end must come after the beginning',
  );

export type CalendarRule = z.infer<typeof calendarRule>;

/** What calendars ask for at a moment: the highest floor and the lowest cap, with their reasons. */
export interface Limits {
  readonly min: number;
  readonly max: number;
  readonly floorReason: string | undefined;
  readonly capReason: string | undefined;
}

/**
 * @param lead ms by which floors are met early, so that hosts have booted when they begin
 */
export function limitsAt(
  rules: readonly CalendarRule[],
  now: number,
  lead: number,
  { timeZone, holidays }: { readonly timeZone: string; readonly holidays: readonly string[] },
): Limits {
  let limits: Limits = { min: 0, max: Number.POSITIVE_INFINITY, floorReason: undefined, capReason: undefined };
  if (rules.length === 0) return limits;
  const moments = [...new Set([now, now + lead / 2, now + lead])].map((at) => localTime(at, timeZone));
  for (const rule of rules) {
    if (rule.max !== undefined && rule.max < limits.max && holds(rule, moments[0]!, holidays))
      limits = { ...limits, max: rule.max, capReason: rule.reason };
    if (rule.min !== undefined && rule.min > limits.min && moments.some((moment) => holds(rule, moment, holidays)))
      limits = { ...limits, min: rule.min, floorReason: rule.reason };
  }
  return limits;
}

interface LocalTime {
  readonly at: number;
  readonly date: string;
  readonly before: string;
  readonly day: number;
  readonly clock: string;
}

function holds(
  rule: CalendarRule,
  { at, date: today, before, day, clock: time }: LocalTime,
  holidays: readonly string[],
) {
  const { from, to, begin, end, days, dates } = rule;
  if (begin !== undefined && at < Date.parse(begin)) return false;
  if (end !== undefined && at >= Date.parse(end)) return false;
  const overnight = from !== undefined && to !== undefined && from > to;
  if (from !== undefined && to !== undefined)
    if (overnight ? time < from && time >= to : time < from || time >= to) return false;
  /** Past midnight a rule belongs to the day on which it began. */
  const began = overnight && time < to! ? before : today;
  const weekday = DAYS[(day + (began === today ? 0 : 6)) % 7]!;
  if (days !== undefined && !days.includes(weekday)) return false;
  if (dates !== undefined && !dates.includes(began)) return false;
  return rule.holidays === undefined || holidays.includes(began) === (rule.holidays === 'only');
}

const formats = new Map<string, Intl.DateTimeFormat>();

function localTime(at: number, timeZone: string): LocalTime {
  let format = formats.get(timeZone);
  if (format === undefined) {
    const options = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' } as const;
    format = new Intl.DateTimeFormat('en-CA', { ...options, hourCycle: 'h23', timeZone });
    formats.set(timeZone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const today = `${parts['year']}-${parts['month']}-${parts['day']}`;
  const noon = Date.parse(`${today}T12:00:00Z`);
  const before = new Date(noon - 86_400_000).toISOString().slice(0, 10);
  const day = (new Date(noon).getUTCDay() + 6) % 7;
  return { at, date: today, before, day, clock: `${parts['hour']}:${parts['minute']}` };
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
