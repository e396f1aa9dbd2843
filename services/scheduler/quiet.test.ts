import { firstAwake, isQuiet, isTimeZone, lastAwake, minutesOf } from './quiet';

const night = { from: minutesOf('21:00'), to: minutesOf('08:00') };
const nap = { from: minutesOf('13:00'), to: minutesOf('14:30') };
const none = { from: 0, to: 0 };
const at = (iso: string) => new Date(`${iso}Z`);

test.each([
  ['UTC', '2025-01-15T20:59', night, false],
  ['UTC', '2025-01-15T21:00', night, true],
  ['UTC', '2025-01-15T07:59', night, true],
  ['UTC', '2025-01-15T08:00', night, false],
  ['UTC', '2025-01-15T13:30', nap, true],
  ['UTC', '2025-01-15T14:30', nap, false],
  ['UTC', '2025-01-15T03:00', none, false],
  ['Asia/Kathmandu', '2025-01-15T02:14', night, true], // 07:59 there
  ['Asia/Kathmandu', '2025-01-15T02:15', night, false],
  ['Pacific/Chatham', '2025-01-15T18:14', night, true], // 07:59 there, in summer time
  ['Pacific/Chatham', '2025-01-15T18:15', night, false],
  ['Not/AZone', '2025-01-15T22:00', night, true], // as UTC
])('in %s, %s with hours %j is quiet: %j', (zone, time, hours, quiet) => {
  expect(isQuiet(at(time), zone, hours)).toBe(quiet);
});

test.each([
  ['an evening', 'UTC', '2025-01-15T22:10', '2025-01-15T21:00', '2025-01-16T08:00'],
  ['an awake moment, which stays', 'UTC', '2025-01-15T12:10:30', undefined, '2025-01-15T12:10:30'],
  [
    'the night that loses an hour in Berlin',
    'Europe/Berlin',
    '2025-03-29T22:00',
    '2025-03-29T20:00',
    '2025-03-30T06:00',
  ],
  [
    'the night that gains an hour in Berlin',
    'Europe/Berlin',
    '2025-10-25T22:00',
    '2025-10-25T19:00',
    '2025-10-26T07:00',
  ],
  [
    'the night that loses an hour in New York',
    'America/New_York',
    '2025-03-09T05:00',
    '2025-03-09T02:00',
    '2025-03-09T12:00',
  ],
  ['Kathmandu, 5 h 45 min ahead', 'Asia/Kathmandu', '2025-06-01T18:00', '2025-06-01T15:15', '2025-06-02T02:15'],
  ['Chatham as its summer time ends', 'Pacific/Chatham', '2025-04-05T10:00', '2025-04-05T07:15', '2025-04-05T19:15'],
  [
    'Lord Howe, whose summer time is half an hour',
    'Australia/Lord_Howe',
    '2025-10-04T12:00',
    '2025-10-04T10:30',
    '2025-10-04T21:00',
  ],
  ['Apia, far ahead', 'Pacific/Apia', '2025-01-15T10:00', '2025-01-15T08:00', '2025-01-15T19:00'],
])('quiet hours around %s', (_name, zone, time, begun, end) => {
  expect(firstAwake(at(time), zone, night)).toEqual(at(end));
  if (begun !== undefined) expect(lastAwake(at(time), zone, night)).toEqual(new Date(at(begun).getTime() - 60_000));
});

test('an end of quiet hours that the clock skips is where the clock goes on', () => {
  const hours = { from: minutesOf('21:00'), to: minutesOf('02:30') };
  expect(firstAwake(at('2025-03-30T00:00'), 'Europe/Berlin', hours)).toEqual(at('2025-03-30T01:00')); // 03:00 there
});

test('hours that never end are no reason to search for ever', () => {
  const always = { from: 0, to: 1440 };
  expect(firstAwake(at('2025-01-01T00:00'), 'UTC', always)).toEqual(at('2025-01-01T00:00'));
});

test('every zone that this machine knows agrees with a search minute by minute', () => {
  const zones = Intl.supportedValuesOf('timeZone').filter((_, index) => index % 23 === 0);
  for (const zone of zones) {
    for (const day of ['2025-03-30', '2025-11-02', '2025-07-01']) {
      const start = at(`${day}T00:20`);
      let minute = start.getTime();
      while (isQuiet(new Date(minute), zone, night)) minute += 60_000;
      expect({ zone, day, awake: firstAwake(start, zone, night) }).toEqual({ zone, day, awake: new Date(minute) });
    }
  }
});

test('a name is a time zone or not', () => {
  expect(['Europe/Berlin', 'UTC', 'Mars/Phobos', ''].map(isTimeZone)).toEqual([true, true, false, false]);
});
