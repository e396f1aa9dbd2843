import { readTime, readTrace } from './trace';

const rows = (...lines: string[]): string => ['timestamp,count', ...lines].join('\n');

test('a trace of any step is read, and missing rows are zero', () => {
  const trace = readTrace('load.csv', rows('2014-07-01T00:00,5', '2014-07-01T00:30,7', '2014-07-01T01:30,2'));
  expect(trace).toMatchObject({ name: 'load.csv', startMs: Date.UTC(2014, 6, 1), stepSeconds: 1800 });
  expect([...trace.counts]).toEqual([5, 7, 0, 2]);
  expect(readTrace('s.csv', rows('2014-07-01T00:00:00Z,1', '2014-07-01T00:00:01Z,2')).stepSeconds).toBe(1);
  expect(readTrace('h.csv', rows('2014-07-01 00:00,1', '2014-07-01 01:00,2')).stepSeconds).toBe(3600);
});

test('a header, Windows line ends, quotes and an empty last line do no harm', () => {
  const trace = readTrace(
    'x',
    '\uFEFF"timestamp","count"\r\n"2014-07-01T00:00","5"\r\n"2014-07-01T00:05","6.5"\r\n\r\n',
  );
  expect([...trace.counts]).toEqual([5, 6.5]);
  expect([...readTrace('x', '2014-07-01T00:00,5\n2014-07-01T00:05,6').counts]).toEqual([5, 6]);
});

test('every bad row is named with its line', () => {
  const text = rows(
    '2014-07-01T00:00,5',
    '2014-07-01T00:05,-1',
    'yesterday,3',
    '2014-07-01T00:10,1,2',
    '2014-07-01T00:15,',
    '2014-07-01T00:20,4',
    '2014-07-01T00:25,4',
    '2014-07-01T00:25,4',
    '2014-07-01T00:31,4',
    '2014-07-01T00:30,4',
    '2014-07-01T00:35,4',
  );
  expect(() => readTrace('load.csv', text)).toThrow(
    expect.objectContaining({
      code: 'simulate.bad-trace',
      message:
        'load.csv: line 3: "-1" is no count; line 4: "yesterday" is no time such as 2014-07-01T00:30; ' +
        'line 5: 3 columns where timestamp,count are expected; line 6: "" is no count; ' +
        'line 9: 2014-07-01T00:25:00 is not later than the row before (2014-07-01T00:25:00); ' +
        'line 10: 2014-07-01T00:31:00 is off the step of 300 s; ' +
        'line 11: 2014-07-01T00:30:00 is not later than the row before (2014-07-01T00:31:00).',
    }),
  );
});

test('after ten bad rows the others are counted', () => {
  const bad = Array.from({ length: 14 }, () => 'x,1');
  expect(() => readTrace('load.csv', rows(...bad))).toThrow(/line 11: .*; and 4 more\.$/);
});

test.each([
  ['no rows', rows()],
  ['one row', rows('2014-07-01T00:00,5')],
  ['a step of two hours', rows('2014-07-01T00:00,5', '2014-07-01T02:00,5')],
  ['half a second', rows('2014-07-01T00:00:00.0,5', '2014-07-01T00:00:00.5,5')],
  ['a century', rows('1914-07-01T00:00:00,5', '1914-07-01T00:00:01,5', '2014-07-01T00:00:00,5')],
])('%s can not be played', (_what, text) => {
  expect(() => readTrace('load.csv', text)).toThrow(expect.objectContaining({ code: 'simulate.bad-trace' }));
});

test.each([
  ['2014-07-01', Date.UTC(2014, 6, 1)],
  ['2014-07-01T02:30', Date.UTC(2014, 6, 1, 2, 30)],
  ['2014-07-01T02:30:05+02:00', Date.UTC(2014, 6, 1, 0, 30, 5)],
  ['1404172800', Date.UTC(2014, 6, 1)],
  ['2014-13-01T00:00', undefined],
  ['noon', undefined],
])('%s is read as a time', (text, expected) => {
  expect(readTime(text)).toBe(expected);
});
