import { figuresOf, oldestSeconds } from './figures';

const NOW = 1_000_000;
/** Newest first, five seconds apart, the newest one second old. */
const series = (...values: number[]) => values.map((sample, n) => ({ sample, timestamp: NOW - 1_000 - n * 5_000 }));

test.each([
  ['one arrived ten seconds ago and waits', series(7, 7, 7, 6, 6), series(1, 1, 1, 0, 0), 1, 11],
  [
    'one arrived just now, after a quiet hour: the server has not counted it yet',
    series(7, 7, 7, 7, 7),
    series(0, 0, 0, 0, 0),
    1,
    0,
  ],
  [
    'messages come and go in order, the last ten arrived within five seconds',
    series(50, 40, 30, 20, 10),
    series(10, 10, 10, 10, 10),
    10,
    1,
  ],
  [
    'nobody takes them: the first of forty is there since the beginning',
    series(40, 30, 20, 10, 0),
    series(40, 30, 20, 10, 0),
    40,
    16,
  ],
  ['more wait than arrived: since the server counts', series(0, 0, 0, 0, 0), series(9, 9, 9, 0, 0), 9, 11],
  ['nothing is known', [], [], 3, 0],
])('%s', (_, arrived, waiting, ready, seconds) => {
  expect(oldestSeconds(arrived, waiting, ready, NOW)).toBe(seconds);
});

test('what failed and pauses, or is dead, came but did not go', () => {
  const stats = (publish: number[], ack: number[] = []) => ({
    message_stats: { publish_details: { samples: series(...publish) }, ack_details: { samples: series(...ack) } },
  });
  const items = [
    { name: 'bot.messages', messages_ready: 4, messages_unacknowledged: 2, ...stats([200, 150, 100], [190, 145, 100]) },
    { name: 'bot.messages:pause-100', messages_ready: 3, ...stats([30, 20, 10]) },
    { name: 'bot.messages:pause-400', messages_ready: 1, message_stats: [] as const },
    { name: 'bot.messages:dead', messages_ready: 9, ...stats([10, 10, 0]) },
  ];
  expect(figuresOf('bot.messages', items, NOW)).toMatchObject({
    unacknowledged: 2,
    pausing: 4,
    arrivedPerSecond: 10,
    settledPerSecond: 9 - 2 - 1,
  });
});

test('what the server has not counted yet, or counts anew since its restart, is unknown', () => {
  expect(figuresOf('q', [{ name: 'q', message_stats: [] }], NOW)).toMatchObject({
    unacknowledged: undefined,
    arrivedPerSecond: undefined,
    settledPerSecond: undefined,
  });
  const restarted = { name: 'q', message_stats: { publish_details: { samples: series(3, 0, 500) } } };
  expect(figuresOf('q', [restarted], NOW).arrivedPerSecond).toBeUndefined();
});
