/** Hours in which nobody wants a message, by the wall clock of a place: minutes of the day, `to` not included. */
export interface QuietHours {
  readonly from: number;
  readonly to: number;
}

const MINUTE = 60_000;
const DAY = 1440;
/** Zones change their offset at these points of UTC only, so a wall clock runs evenly between two of them. */
const SLOT = 15;
const LONGEST_SEARCH = 3 * DAY;

/** `21:30` as minutes of the day. */
export function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

export function isQuiet(at: Date, zone: string, hours: QuietHours): boolean {
  return isWithin(wallMinutes(at, zone), hours);
}

/** The first moment from `at` on that is not quiet: `at` itself, or the end of its quiet hours. */
export function firstAwake(at: Date, zone: string, hours: QuietHours): Date {
  let minute = Math.floor(at.getTime() / MINUTE);
  if (!isWithin(wallMinutes(at, zone), hours)) return at;
  for (const limit = minute + LONGEST_SEARCH; minute < limit; ) {
    const wall = wallMinutes(new Date(minute * MINUTE), zone);
    if (!isWithin(wall, hours)) return new Date(minute * MINUTE);
    minute += Math.min((hours.to - wall + DAY) % DAY || DAY, SLOT - (minute % SLOT));
  }
  return at;
}

/** The last whole minute before `at` that is not quiet. */
export function lastAwake(at: Date, zone: string, hours: QuietHours): Date {
  let minute = Math.ceil(at.getTime() / MINUTE) - 1;
  for (const limit = minute - LONGEST_SEARCH; minute > limit; ) {
    const wall = wallMinutes(new Date(minute * MINUTE), zone);
    if (!isWithin(wall, hours)) break;
    minute -= 1 + Math.min((wall - hours.from + DAY) % DAY, minute % SLOT);
  }
  return new Date(minute * MINUTE);
}

export function isTimeZone(name: string): boolean {
  return clockOf(name) !== undefined;
}

function isWithin(minutes: number, { from, to }: QuietHours): boolean {
  return from <= to ? from <= minutes && minutes < to : minutes >= from || minutes < to;
}

const clocks = new Map<string, Intl.DateTimeFormat | undefined>();

function clockOf(zone: string): Intl.DateTimeFormat | undefined {
  if (!clocks.has(zone)) clocks.set(zone, createClock(zone));
  return clocks.get(zone);
}

function createClock(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  } catch {
    return undefined;
  }
}

/** By the wall clock there; of UTC when the zone is unknown to this machine. */
function wallMinutes(at: Date, zone: string): number {
  const clock = clockOf(zone) ?? clockOf('UTC')!;
  return minutesOf(clock.format(at));
}
