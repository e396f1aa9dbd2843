import { createHmac } from 'node:crypto';
import type { LearningEvent } from '../../platform/messages';

/**
 * Requests of Google Analytics' Measurement Protocol (GA4). Each belongs to one client and holds at most 25 events and
 * 130 kB. Nothing in it names a student: the client is a hash that only this environment can make.
 * https://developers.google.com/analytics/devguides/collection/protocol/ga4/reference
 */
export interface Ga4Request {
  readonly client_id: string;
  readonly consent: { readonly ad_user_data: 'DENIED'; readonly ad_personalization: 'DENIED' };
  readonly events: readonly Ga4Event[];
}

interface Ga4Event {
  readonly name: string;
  readonly params: Readonly<Record<string, string | number>>;
  readonly timestamp_micros: number;
}

/** One request and the ids of the events in it. */
export interface Upload {
  readonly ids: readonly string[];
  readonly body: string;
}

const MOST_EVENTS = 25;
const MOST_BYTES = 130_000;

/** GA4 refuses older events. */
export const TOO_OLD_MS = 72 * 3_600_000;

/** Names that Google reserves (`session_start`, `user_engagement` …) are avoided. */
const names: Record<LearningEvent['kind'], string> = {
  'student.active': 'student_active',
  'session.started': 'lesson_started',
  'session.ended': 'lesson_ended',
  'student.placed': 'level_reached',
  'item.answered': 'exercise_answered',
  'reminders.changed': 'reminders_changed',
};

export function uploadsFor(events: readonly LearningEvent[], salt: string): Upload[] {
  const students = [...new Set(events.map(({ student }) => student))];
  return students.flatMap((student) =>
    requestsOf(
      clientIdOf(student, salt),
      events.filter((event) => event.student === student),
    ),
  );
}

export function clientIdOf(student: string, salt: string): string {
  const digest = createHmac('sha256', salt).update(student).digest();
  return `${digest.readUInt32BE(0)}.${digest.readUInt32BE(4)}`;
}

/** As few requests as the limits allow. */
function requestsOf(clientId: string, events: readonly LearningEvent[]): Upload[] {
  const request = (chunk: readonly LearningEvent[]): Ga4Request => ({
    client_id: clientId,
    consent: { ad_user_data: 'DENIED', ad_personalization: 'DENIED' },
    events: chunk.map(ga4EventOf),
  });
  const body = JSON.stringify(request(events));
  const fits = events.length <= MOST_EVENTS && Buffer.byteLength(body) <= MOST_BYTES;
  if (fits || events.length === 1) return [{ ids: events.map(({ id }) => id), body }];
  const half = events.length > MOST_EVENTS ? MOST_EVENTS : Math.ceil(events.length / 2);
  return [...requestsOf(clientId, events.slice(0, half)), ...requestsOf(clientId, events.slice(half))];
}

function ga4EventOf(event: LearningEvent): Ga4Event {
  return { name: names[event.kind], params: paramsOf(event), timestamp_micros: Date.parse(event.at) * 1000 };
}

function paramsOf(event: LearningEvent): Record<string, string | number> {
  switch (event.kind) {
    case 'item.answered': {
      const { item, skill, level, correct, ms } = event;
      return {
        exercise: item,
        skill,
        level,
        correct: correct ? 1 : 0,
        answer_ms: ms,
        engagement_time_msec: Math.max(1, ms),
      };
    }
    case 'student.placed':
      return { level: event.level, engagement_time_msec: 1 };
    case 'session.ended':
      return { answers: event.answers, correct: event.correct, engagement_time_msec: 1 };
    case 'reminders.changed':
      return { on: event.on ? 1 : 0, engagement_time_msec: 1 };
    default:
      return { engagement_time_msec: 1 };
  }
}
