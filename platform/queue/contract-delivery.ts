import { until } from '../../test/until';
import { messages, type QueueBench } from './contract-bench';

/** What is delivered, to whom, in which order, and how often. */
export function deliveryContract(bench: QueueBench): void {
  bench.promise('delivers what was published, with its id, body and headers', async () => {
    const before = Date.now();
    await bench.queue.publish(bench.topic, [{ id: 'one', body: { text: 'hello' }, headers: { 'x-kind': 'greeting' } }]);
    const got = await bench.collect(bench.queue);
    await bench.arrived(got, 1);
    const [message] = got;
    expect(message).toMatchObject({ id: 'one', body: { text: 'hello' }, attempt: 1 });
    expect(message?.headers).toMatchObject({ 'x-kind': 'greeting' });
    expect(Math.abs(message!.publishedAt.getTime() - before)).toBeLessThan(60_000);
  });

  bench.promise('delivers any JSON as it was', async () => {
    const bodies = [null, 0, -1.5e300, '', 'naïve 😀 \u0000 "\\', [], [1, [2]], { b: 1, a: { c: null } }, true];
    await bench.queue.publish(
      bench.topic,
      bodies.map((body, n) => ({ id: `body ${n} ü`, body })),
    );
    const got = await bench.collect(bench.queue);
    await bench.arrived(got, bodies.length);
    expect(got.map(({ body }) => body)).toEqual(bodies);
    expect(JSON.stringify(got[7]?.body)).toBe('{"b":1,"a":{"c":null}}');
  });

  bench.promise('carries a body of one MiB and refuses a larger one', async () => {
    await bench.queue.publish(bench.topic, [{ id: 'large', body: 'x'.repeat(1024 * 1024 - 2) }]);
    await expect(
      bench.queue.publish(bench.topic, [{ id: 'larger', body: 'x'.repeat(1024 * 1024 - 1) }]),
    ).rejects.toThrow('larger than 1 MiB');
    const got = await bench.collect(bench.queue);
    await bench.arrived(got, 1);
    expect(got[0]?.body).toHaveLength(1024 * 1024 - 2);
  });

  bench.promise('keeps the order for one consumer that takes one message at a time', async () => {
    await bench.queue.publish(bench.topic, messages(30));
    for (const id of ['later 1', 'later 2']) await bench.queue.publish(bench.topic, [{ id, body: null }]);
    const got = await bench.collect(bench.queue);
    await bench.arrived(got, 32);
    expect(got.map(({ id }) => id)).toEqual([...messages(30).map(({ id }) => id), 'later 1', 'later 2']);
  }, ['order']);

  bench.promise('wakes a consumer that waits', async () => {
    const got = await bench.collect(bench.queue);
    const other = await bench.open();
    await other.publish(bench.topic, messages(1));
    await bench.arrived(got, 1, 2_000);
  });

  bench.promise('keeps messages apart by queue', async () => {
    await bench.queue.publish(`${bench.topic}.other`, [{ id: 'other', body: null }]);
    await bench.queue.publish(bench.topic, [{ id: 'ours', body: null }]);
    const got = await bench.collect(bench.queue);
    await bench.arrived(got, 1);
    expect(got.map(({ id }) => id)).toEqual(['ours']);
    expect(await bench.queue.depth(`${bench.topic}.other`)).toMatchObject({ ready: 1 });
  });

  bench.promise('a message that is published twice is handled at least once, under one id', async () => {
    await bench.queue.publish(bench.topic, [{ id: 'same', body: 1 }]);
    await bench.queue.publish(bench.topic, [
      { id: 'same', body: 1 },
      { id: 'new', body: 2 },
    ]);
    const got = await bench.collect(bench.queue);
    await until(() => got.some(({ id }) => id === 'new'), { what: 'the last of them arrives' });
    await bench.settled();
    expect([...new Set(got.map(({ id, body }) => `${id} ${body}`))]).toEqual(['same 1', 'new 2']);
  }, ['duplicates']);

  bench.promise('an id that is stored already is not stored again', async () => {
    await bench.queue.publish(bench.topic, [{ id: 'same', body: 1 }]);
    await bench.queue.publish(bench.topic, [
      { id: 'same', body: 2 },
      { id: 'new', body: 3 },
    ]);
    const got = await bench.collect(bench.queue);
    await bench.arrived(got, 2);
    await bench.settled();
    expect(got.map(({ id }) => id)).toEqual(['same', 'new']);
  });

  bench.promise('many programs that publish at once lose nothing', async () => {
    const others = await Promise.all([bench.open(), bench.open(), bench.open()]);
    await Promise.all(
      others.flatMap((one, who) =>
        messages(50).map(({ id, body }) => one.publish(bench.topic, [{ id: `${who} ${id}`, body }])),
      ),
    );
    const got = await bench.collect(bench.queue, 10);
    await bench.arrived(got, 150);
    expect(new Set(got.map(({ id }) => id)).size).toBe(150);
  });

  bench.promise('gives a consumer no more than it can hold, and shows what it holds', async () => {
    await bench.queue.publish(bench.topic, messages(10));
    const letGo: (() => void)[] = [];
    await bench.queue.consume(bench.topic, { concurrency: 3 }, () => new Promise((resolve) => letGo.push(resolve)));
    await until(() => letGo.length === 3, { what: 'three messages are held' });
    await bench.told({ ready: 7, unacknowledged: 3, dead: 0 });
    for (let n = 0; n < 10; n++) {
      await until(() => letGo.length > n, { what: `message ${n} is held` });
      expect(letGo.length).toBeLessThanOrEqual(n + 3);
      letGo[n]?.();
    }
    await bench.told({ ready: 0, unacknowledged: 0, dead: 0, oldestSeconds: undefined });
  }, ['back-pressure']);

  bench.promise('two consumers share the messages, each goes to one of them', async () => {
    const other = await bench.open();
    const [first, second] = [await bench.collect(bench.queue, 2), await bench.collect(other, 2)];
    await bench.queue.publish(bench.topic, messages(200));
    await until(() => first.length + second.length >= 200, { what: 'all messages arrive' });
    await bench.settled();
    expect(new Set([...first, ...second].map(({ id }) => id)).size).toBe(200);
    expect(first.length + second.length).toBe(200);
  });

  bench.promise('delivers again, later and counted, what a handler rejected', async () => {
    await bench.queue.publish(bench.topic, messages(1));
    const seen: { attempt: number; at: number }[] = [];
    await bench.queue.consume(bench.topic, { concurrency: 1 }, async ({ attempt }) => {
      seen.push({ attempt, at: performance.now() });
      if (attempt < 3) throw new Error('not yet');
    });
    await until(() => seen.length === 3, { what: 'three deliveries' });
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(seen[1]!.at - seen[0]!.at).toBeGreaterThan(50);
    await bench.settled();
  }, ['redelivery']);

  bench.promise('a message that pauses holds up no other', async () => {
    await bench.queue.publish(bench.topic, messages(5));
    const handled: string[] = [];
    await bench.queue.consume(bench.topic, { concurrency: 1 }, async ({ id, attempt }) => {
      if (id === 'm0' && attempt === 1) throw new Error('not yet');
      handled.push(id);
    });
    await until(() => handled.length === 5, { what: 'all are handled' });
    expect(handled).toEqual(['m1', 'm2', 'm3', 'm4', 'm0']);
  });

  bench.promise('puts a message aside as dead after the last delivery, and goes on', async () => {
    const strict = await bench.open({ deliveryLimit: 2 });
    await strict.publish(bench.topic, messages(2));
    const attempts: string[] = [];
    await strict.consume(bench.topic, { concurrency: 1 }, async ({ id, attempt }) => {
      attempts.push(`${id} ${attempt}`);
      if (id === 'm0') throw new Error('never');
    });
    await bench.told({ dead: 1 });
    expect(attempts.filter((one) => one.startsWith('m0'))).toEqual(['m0 1', 'm0 2']);
    await bench.told({ ready: 0, unacknowledged: 0, dead: 1, oldestSeconds: undefined });
  });

  bench.promise('tells the age of the oldest message that waits', async () => {
    expect((await bench.queue.depth(bench.topic)).oldestSeconds).toBeUndefined();
    await bench.queue.publish(bench.topic, messages(1));
    const since = performance.now();
    const age = async (): Promise<number> => (await bench.queue.depth(bench.topic)).oldestSeconds ?? 0;
    await until(async () => (await age()) > 0.05, { what: 'it grows', withinMs: bench.subject.figuresWithinMs });
    const told = await age();
    expect(told).toBeLessThanOrEqual((performance.now() - since) / 1000 + 1);
  });

  bench.promise('tells how many messages come and go a second', async () => {
    const got = await bench.collect(bench.queue, 10);
    let count = 0;
    const rates = async (): Promise<boolean> => {
      const more = messages(20).map(({ body }) => ({ id: `n${count++}`, body }));
      await bench.queue.publish(bench.topic, more);
      const { arrivedPerSecond = 0, settledPerSecond = 0 } = await bench.queue.depth(bench.topic);
      return arrivedPerSecond > 5 && settledPerSecond > 5;
    };
    await until(rates, { what: 'both rates are told', withinMs: 2 * bench.subject.figuresWithinMs });
    await bench.arrived(got, count);
  });
}
