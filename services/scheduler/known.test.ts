import type { LearningEvent } from '../../platform/messages';
import { after, unknownStudent } from './known';

type Told = LearningEvent extends infer E
  ? E extends LearningEvent
    ? Omit<E, 'id' | 'student' | 'at'>
    : never
  : never;
const event = (minute: number, body: Told): LearningEvent => ({
  ...body,
  id: `e${minute}:${body.kind}`,
  student: 's1',
  at: new Date(Date.UTC(2025, 0, 1, 10, minute)).toISOString(),
});
const events = [
  event(0, { kind: 'student.active', timeZone: 'Europe/Berlin' }),
  event(1, { kind: 'session.started' }),
  event(2, { kind: 'reminders.changed', on: false }),
  event(3, { kind: 'student.active' }),
  event(4, { kind: 'session.ended', answers: 3, correct: 2 }),
  event(5, { kind: 'student.active', timeZone: 'Asia/Tokyo' }),
  event(6, { kind: 'reminders.changed', on: true }),
];

function permutations<T>(list: readonly T[]): T[][] {
  if (list.length <= 1) return [[...list]];
  return list.flatMap((first, index) =>
    permutations(list.filter((_, other) => other !== index)).map((rest) => [first, ...rest]),
  );
}

test('the same events in any order, one of them twice, give the same student', () => {
  const expected = events.reduce(after, unknownStudent('s1'));
  expect(expected).toMatchObject({ timeZone: 'Asia/Tokyo', reminders: true, lastActive: new Date(events[5]!.at) });
  for (const order of permutations(events)) {
    expect([...order, order[0]!].reduce(after, unknownStudent('s1'))).toEqual(expected);
  }
});

test('events that are no business of the clock change nothing', () => {
  const student = unknownStudent('s1');
  expect(after(student, event(0, { kind: 'student.placed', level: 'B1' }))).toBe(student);
});
