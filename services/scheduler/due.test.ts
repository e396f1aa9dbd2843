import { due, nextDue, type Settings, type Student } from './due';
import { minutesOf } from './quiet';

const HOUR = 3_600_000;
const settings: Settings = {
  reminderAfterMs: 20 * HOUR,
  sessionMs: 30 * 60_000,
  quiet: { from: minutesOf('21:00'), to: minutesOf('08:00') },
  defaultTimeZone: 'UTC',
};
const at = (iso: string) => new Date(`${iso}Z`);
const student = (lastActive: string, fields: Partial<Student> = {}): Student => ({
  id: 's1',
  lastActive: at(lastActive),
  timeZone: undefined,
  reminders: true,
  sessionStarted: undefined,
  sessionEnded: undefined,
  remindedFor: undefined,
  expiredFor: undefined,
  ...fields,
});
/** When the reminder comes, if somebody looks all the time. */
const reminderOf = (who: Student, other: Partial<Settings> = {}) =>
  nextDue(who.lastActive ?? new Date(0), who, { ...settings, ...other })
    ?.toISOString()
    .slice(0, 16);

test.each([
  ['after 20 hours of silence', '2025-01-15T14:00', undefined, '2025-01-16T10:00'],
  ['20 hours end in the quiet hours: when those end', '2025-01-15T10:00', undefined, '2025-01-16T08:00'],
  ['their end lies beyond the window: before they begin', '2025-01-15T03:00', undefined, '2025-01-15T20:49'],
  ['the window closes as they end: before they begin', '2025-01-15T08:02', undefined, '2025-01-15T20:49'],
  ['just enough of the window is left', '2025-01-15T08:06', undefined, '2025-01-16T08:00'],
  ['Kathmandu, morning', '2025-01-15T06:00', 'Asia/Kathmandu', '2025-01-16T02:15'],
  ['Kathmandu, beyond the window', '2025-01-15T01:00', 'Asia/Kathmandu', '2025-01-15T15:04'],
  ['Chatham in summer time', '2025-01-15T22:00', 'Pacific/Chatham', '2025-01-16T18:15'],
  ['Chatham in winter time', '2025-07-15T22:30', 'Pacific/Chatham', '2025-07-16T19:15'],
  ['Berlin, the night that loses an hour', '2025-03-29T08:00', 'Europe/Berlin', '2025-03-30T06:00'],
  ['Berlin, the night that gains an hour', '2025-10-25T08:00', 'Europe/Berlin', '2025-10-26T07:00'],
  [
    'Berlin, the hour that the night gains pushes it past the window',
    '2025-10-25T06:30',
    'Europe/Berlin',
    '2025-10-25T18:49',
  ],
  ['New York, the night that loses an hour', '2025-03-08T13:00', 'America/New_York', '2025-03-09T12:00'],
  ['Kiritimati, 14 hours ahead', '2025-01-15T20:00', 'Pacific/Kiritimati', '2025-01-16T18:00'],
  ['an unknown zone counts as UTC', '2025-01-15T14:00', 'Not/AZone', '2025-01-16T10:00'],
])('a reminder comes %s', (_name, active, timeZone, expected) => {
  expect(reminderOf(student(active, { timeZone }))).toBe(expected);
});

test('the default time zone counts for students who named none', () => {
  expect(reminderOf(student('2025-01-15T10:00'), { defaultTimeZone: 'Asia/Tokyo' })).toBe('2025-01-16T06:00');
  expect(reminderOf(student('2025-01-15T10:00', { timeZone: 'UTC' }), { defaultTimeZone: 'Asia/Tokyo' })).toBe(
    '2025-01-16T08:00',
  );
});

test('without quiet hours it always comes after the silence', () => {
  expect(reminderOf(student('2025-01-15T03:00'), { quiet: { from: 0, to: 0 } })).toBe('2025-01-15T23:00');
});

test.each([
  ['reminders are off', student('2025-01-15T14:00', { reminders: false })],
  ['this silence is settled', student('2025-01-15T14:00', { remindedFor: at('2025-01-15T14:00') })],
  ['nothing was ever heard', student('2025-01-15T14:00', { lastActive: undefined })],
])('no reminder when %s', (_name, who) => {
  expect(due(at('2025-01-16T12:00'), [who], settings)[0]).toMatchObject({ nudges: [], next: undefined });
});

test('one silence is reminded once, the next one again', () => {
  const [first] = due(at('2025-01-16T10:00'), [student('2025-01-15T14:00')], settings);
  expect(first!.nudges).toEqual([
    {
      id: 'reminder:s1:2025-01-15T14:00:00.000Z',
      student: 's1',
      kind: 'reminder',
      dueAt: '2025-01-16T10:00:00.000Z',
      silentSince: '2025-01-15T14:00:00.000Z',
    },
  ]);
  expect(due(at('2025-01-16T11:00'), [first!.student], settings)[0]!.nudges).toEqual([]);
  const back = { ...first!.student, lastActive: at('2025-01-16T12:00') };
  expect(due(at('2025-01-17T08:00'), [back], settings)[0]!.nudges).toHaveLength(1);
});

describe('a tick that comes late', () => {
  test.each([
    [
      'still reminds while the student is awake and the window open',
      '2025-01-15T14:00',
      '2025-01-16T13:00',
      1,
      undefined,
    ],
    ['gives up in quiet hours that outlast the window', '2025-01-15T23:30', '2025-01-16T22:00', 0, undefined],
    ['gives up when the window has closed', '2025-01-15T14:00', '2025-01-16T14:00', 0, undefined],
    ['waits in the night that began since', '2025-01-15T10:30', '2025-01-16T07:59', 0, '2025-01-16T08:00:00.000Z'],
  ])('%s', (_name, active, now, nudges, next) => {
    const [decision] = due(at(now), [student(active)], settings);
    expect(decision!.nudges).toHaveLength(nudges);
    expect(decision!.next?.toISOString()).toBe(next);
    if (nudges === 0 && next === undefined) expect(decision!.dropped).toContain('24 hours');
  });
});

describe('a session', () => {
  const open = { sessionStarted: at('2025-01-15T13:50'), reminders: false };

  test('expires after half an hour of silence, once', () => {
    const who = student('2025-01-15T14:00', open);
    expect(nextDue(at('2025-01-15T14:00'), who, settings)).toEqual(at('2025-01-15T14:30'));
    expect(due(at('2025-01-15T14:29'), [who], settings)[0]!.nudges).toEqual([]);
    const [decision] = due(at('2025-01-15T14:30'), [who], settings);
    expect(decision!.nudges).toMatchObject([{ id: 'session:s1:2025-01-15T14:00:00.000Z', kind: 'session_expired' }]);
    expect(due(at('2025-01-15T15:00'), [decision!.student], settings)[0]!.nudges).toEqual([]);
  });

  test('expires even when nobody looked for days', () => {
    expect(due(at('2025-01-20T00:00'), [student('2025-01-15T14:00', open)], settings)[0]!.nudges).toHaveLength(1);
  });

  test('that has ended does not expire, one that began again does', () => {
    const ended = student('2025-01-15T14:00', { ...open, sessionEnded: at('2025-01-15T14:10') });
    expect(due(at('2025-01-16T00:00'), [ended], settings)[0]!.nudges).toEqual([]);
    const again = { ...ended, sessionStarted: at('2025-01-15T15:00'), lastActive: at('2025-01-15T15:00') };
    expect(due(at('2025-01-16T00:00'), [again], settings)[0]!.nudges).toHaveLength(1);
  });

  test('and a reminder can be due together after a long stop', () => {
    const [decision] = due(
      at('2025-01-16T10:30'),
      [student('2025-01-15T14:00', { sessionStarted: at('2025-01-15T13:50') })],
      settings,
    );
    expect(decision!.nudges.map(({ kind }) => kind)).toEqual(['session_expired', 'reminder']);
    expect(decision!.next).toBeUndefined();
  });
});

test('whatever is due is settled or due later, so a tick never meets it again', () => {
  for (let hour = 0; hour < 24 * 7; hour++) {
    for (const timeZone of ['Asia/Kathmandu', 'Pacific/Chatham', 'America/New_York']) {
      const who = student('2025-03-05T00:00', {
        timeZone,
        lastActive: new Date(at('2025-03-05T00:00').getTime() + hour * HOUR),
      });
      const planned = nextDue(who.lastActive!, who, settings)!;
      expect(planned.getTime()).toBeLessThan(who.lastActive!.getTime() + 24 * HOUR);
      for (const late of [0, 1, 5, 12, 30]) {
        const now = new Date(planned.getTime() + late * HOUR);
        const { next, nudges } = due(now, [who], settings)[0]!;
        expect(next === undefined || next > now).toBe(true);
        expect(nudges.length).toBeLessThanOrEqual(1);
      }
    }
  }
});
