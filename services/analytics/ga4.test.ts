import type { LearningEvent } from '../../platform/messages';
import { clientIdOf, type Ga4Request, uploadsFor } from './ga4';

const at = '2025-01-15T10:00:00.123Z';
const answered = (student: string, number: number, item = 'a1-tenses-1'): LearningEvent => ({
  kind: 'item.answered',
  id: `${student}:${number}`,
  student,
  at,
  item,
  skill: 'tenses',
  level: 'A1',
  correct: true,
  ms: 4200,
});
const many = (student: string, count: number) =>
  Array.from({ length: count }, (_, number) => answered(student, number));
const read = (body: string) => JSON.parse(body) as Ga4Request;

test('a request belongs to one client and holds at most 25 events', () => {
  const uploads = uploadsFor([...many('s1', 60), ...many('s2', 3)], 'salt');
  expect(uploads.map(({ ids }) => ids.length)).toEqual([25, 25, 10, 3]);
  const clients = uploads.map(({ body }) => read(body).client_id);
  expect(new Set(clients.slice(0, 3)).size).toBe(1);
  expect(clients[3]).not.toBe(clients[0]);
});

test('a request stays within 130 kB', () => {
  const long = Array.from({ length: 20 }, (_, number) => answered('s1', number, 'ü'.repeat(9_000)));
  const uploads = uploadsFor(long, 'salt');
  expect(uploads.flatMap(({ ids }) => ids)).toHaveLength(20);
  for (const { body } of uploads) expect(Buffer.byteLength(body)).toBeLessThanOrEqual(130_000);
});

test('an event has its own time, in microseconds, and no name that Google reserves', () => {
  const [upload] = uploadsFor([answered('s1', 1)], 'salt');
  expect(read(upload!.body).events).toEqual([
    {
      name: 'exercise_answered',
      params: {
        exercise: 'a1-tenses-1',
        skill: 'tenses',
        level: 'A1',
        correct: 1,
        answer_ms: 4200,
        engagement_time_msec: 4200,
      },
      timestamp_micros: Date.parse(at) * 1000,
    },
  ]);
});

test('names and parameters of every kind of event keep to the rules of the protocol', () => {
  const common = { id: 'e', student: 's1', at };
  const events: LearningEvent[] = [
    { ...common, kind: 'student.active', timeZone: 'Europe/Berlin' },
    { ...common, kind: 'session.started' },
    { ...common, kind: 'session.ended', answers: 3, correct: 2 },
    { ...common, kind: 'student.placed', level: 'B1' },
    { ...common, kind: 'reminders.changed', on: false },
    answered('s1', 1),
  ];
  const reserved =
    /^(session_start|first_visit|first_open|user_engagement|app_.*|ad_.*|error|(_|firebase_|ga_|google_).*)$/;
  for (const { name, params } of read(uploadsFor(events, 'salt')[0]!.body).events) {
    expect(name).toMatch(/^[a-z][a-z0-9_]{0,39}$/);
    expect(name).not.toMatch(reserved);
    for (const [key, value] of Object.entries(params)) {
      expect(key).toMatch(/^[a-z][a-z0-9_]{0,39}$/);
      expect(String(value).length).toBeLessThanOrEqual(100);
    }
  }
});

test('nothing in a request names the student, and another environment makes another client of them', () => {
  const [upload] = uploadsFor([answered('1234567890123456', 1)], 'salt');
  expect(upload!.body).not.toContain('1234567890123456');
  expect(clientIdOf('s1', 'salt')).toMatch(/^\d+\.\d+$/);
  expect(clientIdOf('s1', 'salt')).toBe(clientIdOf('s1', 'salt'));
  expect(clientIdOf('s1', 'other')).not.toBe(clientIdOf('s1', 'salt'));
});
