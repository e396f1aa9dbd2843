import type { LearningEvent } from '../../platform/messages';
import type { Student } from './due';

/** A student as the scheduler knows one, with the times of facts that a newer one replaces. */
export interface KnownStudent extends Student {
  readonly timeZoneAt: Date | undefined;
  readonly remindersAt: Date | undefined;
}

export function unknownStudent(id: string): KnownStudent {
  return {
    id,
    lastActive: undefined,
    timeZone: undefined,
    timeZoneAt: undefined,
    reminders: true,
    remindersAt: undefined,
    sessionStarted: undefined,
    sessionEnded: undefined,
    remindedFor: undefined,
    expiredFor: undefined,
  };
}

/** The student after an event. The same events in any order, any of them twice, give the same student. */
export function after(student: KnownStudent, event: LearningEvent): KnownStudent {
  const at = new Date(event.at);
  switch (event.kind) {
    case 'student.active': {
      const active = { ...student, lastActive: later(student.lastActive, at) };
      if (event.timeZone === undefined || !isNews(student.timeZoneAt, at)) return active;
      return { ...active, timeZone: event.timeZone, timeZoneAt: at };
    }
    case 'session.started':
      return { ...student, sessionStarted: later(student.sessionStarted, at) };
    case 'session.ended':
      return { ...student, sessionEnded: later(student.sessionEnded, at) };
    case 'reminders.changed':
      return isNews(student.remindersAt, at) ? { ...student, reminders: event.on, remindersAt: at } : student;
    default:
      return student;
  }
}

function later(known: Date | undefined, at: Date): Date {
  return known === undefined || at > known ? at : known;
}

function isNews(known: Date | undefined, at: Date): boolean {
  return known === undefined || at > known;
}
