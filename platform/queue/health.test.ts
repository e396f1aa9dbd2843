import { watchQueue } from './health';
import type { Queue } from './queue';

/** Only `depth` is asked. */
function queueThat(answers: () => Promise<void>): Queue {
  const rates = { oldestSeconds: undefined, arrivedPerSecond: undefined, settledPerSecond: undefined };
  const none = { ready: 0, unacknowledged: 0, dead: 0, ...rates };
  const unused = () => Promise.reject(new Error('not asked'));
  const dead = { queues: unused, list: unused, replay: unused, drop: unused };
  return { publish: unused, consume: unused, close: unused, dead, depth: () => answers().then(() => none) };
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
