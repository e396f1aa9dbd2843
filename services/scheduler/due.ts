import type { Nudge } from '../../platform/messages';
import { firstAwake, isQuiet, lastAwake, type QuietHours } from './quiet';

/** What decides when a student is nudged. Times that are undefined never happened. */
export interface Student {
  readonly id: string;
  readonly lastActive: Date | undefined;
  readonly timeZone: string | undefined;
  readonly reminders: boolean;
  readonly sessionStarted: Date | undefined;
  readonly sessionEnded: Date | undefined;
  /** Silences that are settled, by the `lastActive` they began with. */
  readonly remindedFor: Date | undefined;
  readonly expiredFor: Date | undefined;
}

export interface Settings {
  readonly reminderAfterMs: number;
  readonly sessionMs: number;
  readonly quiet: QuietHours;
  readonly defaultTimeZone: string;
}

export interface Decision {
  readonly nudges: readonly Nudge[];
  /** The student with what is settled now. */
  readonly student: Student;
  /** When to look again, if nothing is heard before. */
  readonly next: Date | undefined;
  /** Why a reminder is given up, if it is. */
  readonly dropped?: string;
}

const WINDOW_MS = 24 * 3_600_000;
/** A nudge still has to travel to the student before Messenger's window closes. */
const TRAVEL_MS = 5 * 60_000;
/** A reminder that must come before the quiet hours comes so long before them. */
const BEFORE_QUIET_MS = 10 * 60_000;

/**
 * Who is nudged now. A silence is reminded once: after `reminderAfterMs`, outside the student's quiet hours, and while
 * Messenger's 24 hours last; if the quiet hours would carry it past them, before they begin. What was missed while
 * nobody looked is made up for as long as it still makes sense.
 */
export function due(now: Date, students: readonly Student[], settings: Settings): Decision[] {
  return students.map((student) => decide(now, student, settings));
}

/** When something may be due for this student; undefined: not before the student is heard of again. */
export function nextDue(now: Date, student: Student, settings: Settings): Date | undefined {
  const times = [sessionEnd(student, settings), reminderAt(now, student, settings)].filter(
    (time) => time !== undefined,
  );
  return times.sort((a, b) => a.getTime() - b.getTime())[0];
}

function decide(now: Date, before: Student, settings: Settings): Decision {
  const nudges: Nudge[] = [];
  let student = before;
  const end = sessionEnd(student, settings);
  if (end !== undefined && end <= now) {
    nudges.push(nudge('session_expired', student, end));
    student = { ...student, expiredFor: student.lastActive };
  }
  const planned = plannedReminder(student, settings);
  const reminder = reminderAt(now, student, settings);
  const missed = planned !== undefined && reminder === undefined;
  if (reminder !== undefined && reminder <= now) nudges.push(nudge('reminder', student, reminder));
  if (missed || (reminder !== undefined && reminder <= now)) student = { ...student, remindedFor: student.lastActive };
  return {
    nudges,
    student,
    next: nextDue(now, student, settings),
    ...(missed && { dropped: 'no moment is left that is awake and within 24 hours' }),
  };
}

function nudge(kind: Nudge['kind'], { id, lastActive }: Student, at: Date): Nudge {
  const silentSince = lastActive!.toISOString();
  const name = kind === 'reminder' ? 'reminder' : 'session';
  return { id: `${name}:${id}:${silentSince}`, student: id, kind, dueAt: at.toISOString(), silentSince };
}

function sessionEnd(student: Student, { sessionMs }: Settings): Date | undefined {
  const { lastActive, sessionStarted, sessionEnded, expiredFor } = student;
  const open = sessionStarted !== undefined && (sessionEnded === undefined || sessionStarted > sessionEnded);
  if (!open || lastActive === undefined || isSame(expiredFor, lastActive)) return undefined;
  return new Date(lastActive.getTime() + sessionMs);
}

/** The planned moment, or, when that has passed, the next one that will do. */
function reminderAt(now: Date, student: Student, settings: Settings): Date | undefined {
  const planned = plannedReminder(student, settings);
  if (planned === undefined || planned >= now) return planned;
  const late = firstAwake(now, zoneOf(student, settings), settings.quiet);
  return late < closing(student.lastActive!) ? late : undefined;
}

function plannedReminder(student: Student, settings: Settings): Date | undefined {
  const { lastActive, reminders, remindedFor } = student;
  if (lastActive === undefined || !reminders || isSame(remindedFor, lastActive)) return undefined;
  const zone = zoneOf(student, settings);
  const wanted = new Date(lastActive.getTime() + settings.reminderAfterMs);
  const awake = firstAwake(wanted, zone, settings.quiet);
  if (awake < closing(lastActive)) return awake;
  const last = lastAwake(wanted, zone, settings.quiet);
  const before = new Date(last.getTime() - BEFORE_QUIET_MS);
  const chosen = isQuiet(before, zone, settings.quiet) ? last : before;
  return chosen > lastActive ? chosen : undefined;
}

function closing(lastActive: Date): Date {
  return new Date(lastActive.getTime() + WINDOW_MS - TRAVEL_MS);
}

function zoneOf(student: Student, settings: Settings): string {
  return student.timeZone ?? settings.defaultTimeZone;
}

function isSame(a: Date | undefined, b: Date): boolean {
  return a?.getTime() === b.getTime();
}
