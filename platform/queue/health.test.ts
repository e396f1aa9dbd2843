import { watchQueue } from './health';

function queueThat(answers: () => Promise<void>, problem: () => string | undefined = () => undefined) {
  const rates = { oldestSeconds: undefined, arrivedPerSecond: undefined, settledPerSecond: undefined };
  const none = { ready: 0, unacknowledged: 0, dead: 0, ...rates };
  return { depth: () => answers().then(() => none), problem };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('a queue that is silent for longer than a restart takes is a problem until it answers again', async () => {
  let away = false;
  const watch = watchQueue(
    queueThat(async () => {
      if (away) throw new Error('away');
    }),
    'bot.messages',
  );
  await jest.advanceTimersByTimeAsync(60_000);
  expect(watch.problem()).toBeUndefined();
  away = true;
  await jest.advanceTimersByTimeAsync(10_000);
  expect(watch.problem()).toBeUndefined();
  await jest.advanceTimersByTimeAsync(10_000);
  expect(watch.problem()).toBe('the queue does not answer');
  away = false;
  await jest.advanceTimersByTimeAsync(5_000);
  expect(watch.problem()).toBeUndefined();
  watch.stop();
});

test('a queue that was never there is a problem at once', () => {
  let problem: string | undefined = 'RabbitMQ does not answer';
  const watch = watchQueue(
    queueThat(
      async () => undefined,
      () => problem,
    ),
    'bot.messages',
  );
  expect(watch.problem()).toBe('RabbitMQ does not answer');
  problem = undefined;
  expect(watch.problem()).toBeUndefined();
  watch.stop();
});
