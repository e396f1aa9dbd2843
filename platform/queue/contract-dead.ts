import { until } from '../../test/until';
import { messages, type QueueBench } from './contract-bench';
import type { Queue } from './queue';

/** Dead messages: seen, delivered anew, removed. */
export function deadContract(bench: QueueBench): void {
  /** Lets messages m0, m1 … die, one after the other, and resolves with the queue where they did. */
  const dying = async (count: number): Promise<Queue> => {
    const strict = await bench.open({ deliveryLimit: 1 });
    await strict.publish(
      bench.topic,
      messages(count).map((message) => ({ ...message, headers: { 'x-kind': 'test' } })),
    );
    const consumer = await strict.consume(bench.topic, { concurrency: 1 }, async ({ id }) => {
      throw new Error(`no use for ${id}\nat all`);
    });
    await bench.told({ dead: count });
    await consumer.stop();
    return strict;
  };

  bench.promise('shows dead messages as they were, when and why they died, oldest first, and keeps them', async () => {
    const strict = await dying(3);
    for (const look of [await strict.dead.list(bench.topic, 10), await strict.dead.list(bench.topic, 10)]) {
      expect(look.map(({ id }) => id)).toEqual(['m0', 'm1', 'm2']);
      expect(look[1]).toMatchObject({ body: { n: 1 }, attempt: 1, reason: 'no use for m1' });
      expect(look[1]?.headers).toMatchObject({ 'x-kind': 'test' });
      expect(Math.abs(look[1]!.diedAt.getTime() - Date.now())).toBeLessThan(60_000);
      expect(look[1]!.publishedAt.getTime()).toBeLessThanOrEqual(look[1]!.diedAt.getTime() + 5_000);
    }
    expect((await strict.dead.list(bench.topic, 2)).map(({ id }) => id)).toEqual(['m0', 'm1']);
    await bench.told({ dead: 3, ready: 0 });
  });

  bench.promise('finds queues with dead messages by the beginning of their names', async () => {
    const strict = await dying(1);
    const found = async (): Promise<boolean> =>
      (await strict.dead.queues(bench.topic.slice(0, -1))).includes(bench.topic);
    await until(found, { what: 'it is listed', withinMs: bench.subject.figuresWithinMs });
    expect(await strict.dead.queues(`${bench.topic}.nothing`)).toEqual([]);
  });

  bench.promise('delivers dead messages anew, those named or all', async () => {
    const strict = await dying(4);
    const got = await bench.collect(bench.queue);
    expect(await strict.dead.replay(bench.topic, ['m2', 'unknown'])).toBe(1);
    await bench.arrived(got, 1);
    expect(got[0]).toMatchObject({ id: 'm2', attempt: 1, body: { n: 2 } });
    expect(await strict.dead.replay(bench.topic, 'all')).toBe(3);
    await bench.arrived(got, 4);
    expect(got.map(({ id }) => id)).toEqual(['m2', 'm0', 'm1', 'm3']);
    expect(await strict.dead.replay(bench.topic, 'all')).toBe(0);
    await bench.told({ dead: 0, ready: 0, unacknowledged: 0 });
  });

  bench.promise('removes dead messages, those named or all', async () => {
    const strict = await dying(3);
    expect(await strict.dead.drop(bench.topic, ['m1'])).toBe(1);
    expect((await strict.dead.list(bench.topic, 10)).map(({ id }) => id)).toEqual(['m0', 'm2']);
    expect(await strict.dead.drop(bench.topic, 'all')).toBe(2);
    await bench.told({ dead: 0, ready: 0 });
  });

  bench.promise('of a queue that nobody has used nothing is dead', async () => {
    expect(await bench.queue.dead.list(bench.topic, 10)).toEqual([]);
    expect(await bench.queue.dead.replay(bench.topic, 'all')).toBe(0);
    expect(await bench.queue.dead.drop(bench.topic, ['m0'])).toBe(0);
  });
}
