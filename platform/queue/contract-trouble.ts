import { join } from 'node:path';
import { startScript } from '../../test/script';
import { until } from '../../test/until';
import { messages, type QueueBench } from './contract-bench';

/** Stopping, dying, and a server that refuses, is away or comes back. */
export function troubleContract(bench: QueueBench): void {
  bench.promise('a consumer that is told to stop finishes what it holds and takes nothing more', async () => {
    await bench.queue.publish(bench.topic, messages(3));
    let finish: (() => void) | undefined;
    const handled: string[] = [];
    const consumer = await bench.queue.consume(bench.topic, { concurrency: 1 }, async ({ id }) => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      handled.push(id);
    });
    const release = await until(() => finish, { what: 'one is held' });
    const stopped = Promise.all([consumer.stop(), consumer.stop()]);
    release();
    await stopped;
    expect(handled).toEqual(['m0']);
    await bench.told({ ready: 2, unacknowledged: 0 });
  });

  bench.promise('closing waits for the handlers, may be repeated, and then everything is refused', async () => {
    await bench.queue.publish(bench.topic, messages(1));
    let finish: (() => void) | undefined;
    let handled = false;
    await bench.queue.consume(bench.topic, { concurrency: 1 }, async () => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      handled = true;
    });
    const release = await until(() => finish, { what: 'it is held' });
    const closed = Promise.all([bench.queue.close(), bench.queue.close()]);
    release();
    await closed;
    expect(handled).toBe(true);
    await bench.queue.close();
    await expect(bench.queue.publish(bench.topic, messages(1))).rejects.toMatchObject({ code: 'queue.closed' });
    await expect(bench.queue.depth(bench.topic)).rejects.toMatchObject({ code: 'queue.closed' });
    const consuming = bench.queue.consume(bench.topic, { concurrency: 1 }, async () => undefined);
    await expect(consuming).rejects.toMatchObject({ code: 'queue.closed' });
    await bench.told({ ready: 0, unacknowledged: 0 }, await bench.open());
  }, ['close while busy']);

  bench.promise('what a killed consumer held is soon delivered to another', async () => {
    const script = startScript(join(__dirname, 'contract-consumer.ts'), {
      QUEUE_URL: bench.subject.url(),
      QUEUE_NAME: bench.topic,
    });
    bench.scripts.push(script);
    await bench.queue.publish(bench.topic, messages(1));
    await script.says('holds m0');
    const got = await bench.collect(bench.queue);
    await bench.told({ ready: 0, unacknowledged: 1 });
    await script.kill('SIGKILL');
    await bench.arrived(got, 1, 5_000);
    expect(got[0]).toMatchObject({ id: 'm0', attempt: 2 });
  }, ['redelivery']);

  bench.promise('a server that does not answer is unreachable', async () => {
    await expect(bench.subject.openUnreachable()).rejects.toMatchObject({ code: 'queue.unreachable' });
  }, ['unreachable']);

  bench.promise('a wrong password is refused', async () => {
    await expect(bench.subject.openWithWrongPassword()).rejects.toMatchObject({ code: 'queue.refused' });
  }, ['wrong credentials']);

  bench.promise('credentials of another environment are refused', async () => {
    await expect(bench.subject.openAsStranger()).rejects.toMatchObject({ code: 'queue.refused' });
  }, ['another environment']);
}
