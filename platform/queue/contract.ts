import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type Script, startScript } from '../../test/script';
import { recordSpans } from '../../test/spans';
import { until } from '../../test/until';
import { currentTraceId, inSpan } from '../tracing';
import type { IncomingMessage, Queue } from './queue';

export interface QueueUnderTest {
  /** Address of the queue of one environment, as `openQueue` takes it. */
  url(): string;
  open(options?: { deliveryLimit?: number }): Promise<Queue>;
  /** Each must be refused or fail. */
  openUnreachable(): Promise<Queue>;
  openWithWrongPassword(): Promise<Queue>;
  /** With credentials of another environment. */
  openAsStranger(): Promise<Queue>;
  readonly faults?: { restart(): Promise<void>; cutConnections(): Promise<void> };
}

/** The suite every queue passes. A test that a system can not pass is named in `unsupported`, with the reason. */
export function queueContract(
  name: string,
  subject: QueueUnderTest,
  { unsupported = {} }: { unsupported?: Readonly<Record<string, string>> } = {},
): void {
  describe(`${name} as queue`, () => {
    let queue: Queue;
    let opened: Queue[] = [];
    let scripts: Script[] = [];
    let topic: string;

    const open = async (options?: { deliveryLimit?: number }): Promise<Queue> => {
      const another = await subject.open(options);
      opened.push(another);
      return another;
    };
    const promise = (text: string, run: () => Promise<void>): void => {
      const reason = unsupported[text];
      if (reason === undefined) test(text, run);
      else test.skip(`${text} (unsupported: ${reason})`, run);
    };
    const fault = (text: string, run: (faults: NonNullable<QueueUnderTest['faults']>) => Promise<void>): void => {
      const { faults } = subject;
      if (faults) promise(text, () => run(faults));
      else test.skip(`${text} (this run can not disturb the server)`, () => undefined);
    };
    const messages = (count: number) => Array.from({ length: count }, (_, n) => ({ id: `m${n}`, body: { n } }));
    const collect = async (from: Queue, concurrency = 1): Promise<IncomingMessage[]> => {
      const got: IncomingMessage[] = [];
      await from.consume(topic, { concurrency }, async (message) => void got.push(message));
      return got;
    };
    const arrived = (got: readonly unknown[], count: number, withinMs = 10_000): Promise<unknown> =>
      until(() => got.length >= count, { what: `${count} messages arrive`, withinMs });
    const settled = (): Promise<unknown> =>
      until(async () => (await queue.depth(topic)).unacknowledged === 0, { what: 'every message is settled' });

    beforeEach(async () => {
      topic = `contract.${randomUUID().slice(0, 8)}`;
      queue = await open();
    });
    afterEach(async () => {
      await Promise.all(scripts.map((script) => script.kill()));
      await Promise.all(opened.map((one) => one.close()));
      scripts = [];
      opened = [];
    });

    promise('delivers what was published, with its id, body and headers', async () => {
      const before = Date.now();
      await queue.publish(topic, [{ id: 'one', body: { text: 'hello' }, headers: { 'x-kind': 'greeting' } }]);
      const [message] = await collect(queue).then(async (got) => (await arrived(got, 1), got));
      expect(message).toMatchObject({ id: 'one', body: { text: 'hello' }, attempt: 1 });
      expect(message?.headers).toMatchObject({ 'x-kind': 'greeting' });
      expect(Math.abs(message!.publishedAt.getTime() - before)).toBeLessThan(60_000);
    });

    promise('delivers any JSON as it was', async () => {
      const bodies = [null, 0, -1.5e300, '', 'naïve 😀 \u0000 "\\', [], [1, [2]], { b: 1, a: { c: null } }, true];
      await queue.publish(
        topic,
        bodies.map((body, n) => ({ id: `body ${n} ü`, body })),
      );
      const got = await collect(queue);
      await arrived(got, bodies.length);
      expect(got.map(({ body }) => body)).toEqual(bodies);
      expect(JSON.stringify(got[7]?.body)).toBe('{"b":1,"a":{"c":null}}');
    });

    promise('carries a body of one MiB and refuses a larger one', async () => {
      await queue.publish(topic, [{ id: 'large', body: 'x'.repeat(1024 * 1024 - 2) }]);
      await expect(queue.publish(topic, [{ id: 'larger', body: 'x'.repeat(1024 * 1024 - 1) }])).rejects.toThrow(
        'larger than 1 MiB',
      );
      const got = await collect(queue);
      await arrived(got, 1);
      expect(got[0]?.body).toHaveLength(1024 * 1024 - 2);
    });

    promise('keeps the order for one consumer that takes one message at a time', async () => {
      await queue.publish(topic, messages(30));
      for (const id of ['later 1', 'later 2']) await queue.publish(topic, [{ id, body: null }]);
      const got = await collect(queue);
      await arrived(got, 32);
      expect(got.map(({ id }) => id)).toEqual([...messages(30).map(({ id }) => id), 'later 1', 'later 2']);
    });

    promise('wakes a consumer that waits', async () => {
      const got = await collect(queue);
      const other = await open();
      await other.publish(topic, messages(1));
      await arrived(got, 1, 2_000);
    });

    promise('keeps messages apart by queue', async () => {
      await queue.publish(`${topic}.other`, [{ id: 'other', body: null }]);
      await queue.publish(topic, [{ id: 'ours', body: null }]);
      const got = await collect(queue);
      await arrived(got, 1);
      expect(got.map(({ id }) => id)).toEqual(['ours']);
      expect(await queue.depth(`${topic}.other`)).toMatchObject({ ready: 1 });
    });

    promise('an id that is stored already is not stored again', async () => {
      await queue.publish(topic, [{ id: 'same', body: 1 }]);
      await queue.publish(topic, [
        { id: 'same', body: 2 },
        { id: 'new', body: 3 },
      ]);
      const got = await collect(queue);
      await arrived(got, 2);
      await settled();
      expect(got.map(({ id }) => id)).toEqual(['same', 'new']);
    });

    promise('many programs that publish at once lose nothing', async () => {
      const others = await Promise.all([open(), open(), open()]);
      await Promise.all(
        others.flatMap((one, who) =>
          messages(50).map(({ id, body }) => one.publish(topic, [{ id: `${who} ${id}`, body }])),
        ),
      );
      const got = await collect(queue, 10);
      await arrived(got, 150);
      expect(new Set(got.map(({ id }) => id)).size).toBe(150);
    });

    promise('gives a consumer no more than it can hold, and shows what it holds', async () => {
      await queue.publish(topic, messages(10));
      const letGo: (() => void)[] = [];
      await queue.consume(topic, { concurrency: 3 }, () => new Promise((resolve) => letGo.push(resolve)));
      await until(() => letGo.length === 3, { what: 'three messages are held' });
      expect(await queue.depth(topic)).toMatchObject({ ready: 7, unacknowledged: 3, dead: 0 });
      for (let n = 0; n < 10; n++) {
        await until(() => letGo.length > n, { what: `message ${n} is held` });
        expect(letGo.length).toBeLessThanOrEqual(n + 3);
        letGo[n]?.();
      }
      await until(async () => (await queue.depth(topic)).unacknowledged === 0, { what: 'all are settled' });
      expect(await queue.depth(topic)).toEqual({ ready: 0, unacknowledged: 0, dead: 0, oldestSeconds: undefined });
    });

    promise('two consumers share the messages, each goes to one of them', async () => {
      const other = await open();
      const [first, second] = [await collect(queue, 2), await collect(other, 2)];
      await queue.publish(topic, messages(200));
      await until(() => first.length + second.length >= 200, { what: 'all messages arrive' });
      await settled();
      expect(new Set([...first, ...second].map(({ id }) => id)).size).toBe(200);
      expect(first.length + second.length).toBe(200);
    });

    promise('delivers again, later and counted, what a handler rejected', async () => {
      await queue.publish(topic, messages(1));
      const seen: { attempt: number; at: number }[] = [];
      await queue.consume(topic, { concurrency: 1 }, async ({ attempt }) => {
        seen.push({ attempt, at: performance.now() });
        if (attempt < 3) throw new Error('not yet');
      });
      await until(() => seen.length === 3, { what: 'three deliveries' });
      expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
      expect(seen[1]!.at - seen[0]!.at).toBeGreaterThan(50);
      await settled();
    });

    promise('a message that pauses holds up no other', async () => {
      await queue.publish(topic, messages(5));
      const handled: string[] = [];
      await queue.consume(topic, { concurrency: 1 }, async ({ id, attempt }) => {
        if (id === 'm0' && attempt === 1) throw new Error('not yet');
        handled.push(id);
      });
      await until(() => handled.length === 5, { what: 'all are handled' });
      expect(handled).toEqual(['m1', 'm2', 'm3', 'm4', 'm0']);
    });

    promise('puts a message aside as dead after the last delivery, and goes on', async () => {
      const strict = await open({ deliveryLimit: 2 });
      await strict.publish(topic, messages(2));
      const attempts: string[] = [];
      await strict.consume(topic, { concurrency: 1 }, async ({ id, attempt }) => {
        attempts.push(`${id} ${attempt}`);
        if (id === 'm0') throw new Error('never');
      });
      await until(async () => (await queue.depth(topic)).dead === 1, { what: 'one is dead' });
      expect(attempts.filter((one) => one.startsWith('m0'))).toEqual(['m0 1', 'm0 2']);
      await settled();
      expect(await queue.depth(topic)).toEqual({ ready: 0, unacknowledged: 0, dead: 1, oldestSeconds: undefined });
    });

    promise('tells the age of the oldest message that waits', async () => {
      expect((await queue.depth(topic)).oldestSeconds).toBeUndefined();
      await queue.publish(topic, messages(1));
      const aged = async (): Promise<boolean> => ((await queue.depth(topic)).oldestSeconds ?? 0) > 0.05;
      await until(aged, { what: 'the age grows' });
    });

    promise('a consumer that is told to stop finishes what it holds and takes nothing more', async () => {
      await queue.publish(topic, messages(3));
      let finish: () => void = () => undefined;
      const handled: string[] = [];
      const consumer = await queue.consume(topic, { concurrency: 1 }, async ({ id }) => {
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        handled.push(id);
      });
      await until(async () => (await queue.depth(topic)).unacknowledged === 1, { what: 'one is held' });
      const stopped = Promise.all([consumer.stop(), consumer.stop()]);
      finish();
      await stopped;
      expect(handled).toEqual(['m0']);
      expect(await queue.depth(topic)).toMatchObject({ ready: 2, unacknowledged: 0 });
    });

    promise('closing waits for the handlers, may be repeated, and then everything is refused', async () => {
      await queue.publish(topic, messages(1));
      let finish: () => void = () => undefined;
      let handled = false;
      await queue.consume(topic, { concurrency: 1 }, async () => {
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        handled = true;
      });
      await until(async () => (await queue.depth(topic)).unacknowledged === 1, { what: 'it is held' });
      const closed = Promise.all([queue.close(), queue.close()]);
      finish();
      await closed;
      expect(handled).toBe(true);
      await queue.close();
      await expect(queue.publish(topic, messages(1))).rejects.toMatchObject({ code: 'queue.closed' });
      await expect(queue.depth(topic)).rejects.toMatchObject({ code: 'queue.closed' });
      const consuming = queue.consume(topic, { concurrency: 1 }, async () => undefined);
      await expect(consuming).rejects.toMatchObject({ code: 'queue.closed' });
      expect(await (await open()).depth(topic)).toMatchObject({ ready: 0, unacknowledged: 0 });
    });

    promise('what a killed consumer held is soon delivered to another', async () => {
      const script = startScript(join(__dirname, 'contract-consumer.ts'), {
        QUEUE_URL: subject.url(),
        QUEUE_NAME: topic,
      });
      scripts.push(script);
      await queue.publish(topic, messages(1));
      await script.says('holds m0');
      const got = await collect(queue);
      expect(await queue.depth(topic)).toMatchObject({ ready: 0, unacknowledged: 1 });
      await script.kill('SIGKILL');
      await arrived(got, 1, 5_000);
      expect(got[0]).toMatchObject({ id: 'm0', attempt: 2 });
    });

    promise('the trace of the publisher is active around the handler', async () => {
      const recorder = recordSpans();
      try {
        let published: string | undefined;
        let handled: string | undefined;
        await inSpan('request', {}, async () => {
          published = currentTraceId();
          await queue.publish(topic, messages(1));
        });
        await queue.consume(topic, { concurrency: 1 }, async () => {
          handled = currentTraceId();
        });
        await until(() => handled, { what: 'the handler ran' });
        await settled();
        expect(handled).toBe(published);
        const ours = recorder.spans().filter((span) => span.spanContext().traceId === published);
        expect(ours.map((span) => span.name).sort()).toEqual([`process ${topic}`, `publish ${topic}`, 'request']);
        const process = ours.find((span) => span.name.startsWith('process'));
        expect(process?.attributes).toMatchObject({
          'messaging.destination.name': topic,
          'messaging.message.id': 'm0',
        });
      } finally {
        await recorder.stop();
      }
    });

    promise('a message that carries a trace of its own continues that one', async () => {
      const recorder = recordSpans();
      try {
        const traceId = '0af7651916cd43dd8448eb211c80319c';
        const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
        await queue.publish(topic, [{ id: 'kept', body: null, headers }]);
        let handled: string | undefined;
        await queue.consume(topic, { concurrency: 1 }, async () => {
          handled = currentTraceId();
        });
        await until(() => handled, { what: 'the handler ran' });
        expect(handled).toBe(traceId);
      } finally {
        await recorder.stop();
      }
    });

    promise('a server that does not answer is unreachable', async () => {
      await expect(subject.openUnreachable()).rejects.toMatchObject({ code: 'queue.unreachable' });
    });

    promise('a wrong password is refused', async () => {
      await expect(subject.openWithWrongPassword()).rejects.toMatchObject({ code: 'queue.refused' });
    });

    promise('credentials of another environment are refused', async () => {
      await expect(subject.openAsStranger()).rejects.toMatchObject({ code: 'queue.refused' });
    });

    fault('connections that are cut come back and nothing is lost', async ({ cutConnections }) => {
      const got: string[] = [];
      await queue.consume(topic, { concurrency: 4 }, async ({ id }) => void got.push(id));
      for (let round = 0; round < 3; round++) {
        await cutConnections();
        const publish = () => queue.publish(topic, [{ id: `round ${round}`, body: null }]);
        await until(() => publish().then(() => true), { what: 'publishing works again' });
        await until(() => got.includes(`round ${round}`), { what: `the message of round ${round} arrives` });
      }
      await settled();
    });

    fault('a message in hand while connections are cut is settled once they are back', async ({ cutConnections }) => {
      await queue.publish(topic, messages(1));
      let finish: () => void = () => undefined;
      await queue.consume(topic, { concurrency: 1 }, () => new Promise<void>((resolve) => (finish = resolve)));
      await until(async () => (await queue.depth(topic)).unacknowledged === 1, { what: 'it is held' });
      await cutConnections();
      finish();
      const gone = async (): Promise<boolean> => {
        const { ready, unacknowledged } = await queue.depth(topic);
        return ready + unacknowledged === 0;
      };
      await until(() => (finish(), gone()), { what: 'it is settled', withinMs: 15_000 });
    });

    fault('a restart of the server keeps what was published', async ({ restart }) => {
      await queue.publish(topic, messages(20));
      const got = new Set<string>();
      await restart();
      await queue.consume(topic, { concurrency: 2 }, async ({ id }) => void got.add(id));
      await until(() => got.size === 20, { what: 'all arrive' });
      await restart();
      await until(() => queue.publish(topic, [{ id: 'after', body: null }]).then(() => true), {
        what: 'publishing works',
      });
      await until(() => got.has('after'), { what: 'the consumer is back, too', withinMs: 15_000 });
    });
  });
}
