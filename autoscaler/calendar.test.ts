import { calendarRule, limitsAt } from './calendar';

const prague = { timeZone: 'Europe/Prague', holidays: ['2026-12-24'] };
const at = (time: string): number => Date.parse(time);
const rule = (content: object) => calendarRule.parse({ reason: 'because', ...content });

describe('limitsAt', () => {
  const night = rule({ from: '22:00', to: '06:00', max: 2, days: ['fri'] });
  const working = rule({
    from: '08:00',
    to: '17:00',
    min: 5,
    days: ['mon', 'tue', 'wed', 'thu', 'fri'],
    holidays: 'except',
  });
  const event = rule({ begin: '2026-11-27T18:00:00Z', end: '2026-11-27T20:00:00Z', min: 20 });

  test.each<[string, string, object]>([
    [
      'a night that began on Friday holds on Saturday morning',
      '2026-11-28T04:59:00Z',
      { max: 2, capReason: 'because' },
    ],
    ['and ends at its end', '2026-11-28T05:00:00Z', { max: Number.POSITIVE_INFINITY }],
    ['a night that began on Saturday is none of it', '2026-11-28T22:00:00Z', { max: Number.POSITIVE_INFINITY }],
    ['working hours are those of the time zone', '2026-11-24T07:00:00Z', { min: 5, floorReason: 'because' }],
    ['not before them', '2026-11-24T06:59:00Z', { min: 0 }],
    ['not on a weekend', '2026-11-28T10:00:00Z', { min: 0 }],
    ['not on a holiday', '2026-12-24T10:00:00Z', { min: 0 }],
    ['in summer, too', '2026-07-14T06:00:00Z', { min: 5 }],
    ['a planned event holds from its beginning', '2026-11-27T18:00:00Z', { min: 20 }],
    ['to its end', '2026-11-27T20:00:00Z', { min: 0 }],
  ])('%s', (_name, time, expected) => {
    expect(limitsAt([night, working, event], at(time), 0, prague)).toMatchObject(expected);
  });

  test('a floor is met early by the time a host boots, a cap is not', () => {
    const lead = 600_000;
    expect(limitsAt([event], at('2026-11-27T17:50:00Z'), lead, prague).min).toBe(20);
    expect(limitsAt([event], at('2026-11-27T17:49:00Z'), lead, prague).min).toBe(0);
    expect(limitsAt([night], at('2026-11-27T20:55:00Z'), lead, prague).max).toBe(Number.POSITIVE_INFINITY);
  });
});
