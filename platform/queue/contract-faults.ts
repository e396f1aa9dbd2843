import { until } from '../../test/until';
import { messages, type QueueBench } from './contract-bench';

/** A server that is killed, hangs, or is cut off, and comes back. */
export function faultContract(bench: QueueBench): void {
  bench.fault(
    'connections that are cut come back and nothing is lost',
    async ({ cutConnections }) => {
      const got: string[] = [];
      await bench.queue.consume(bench.topic, { concurrency: 4 }, async ({ id }) => void got.push(id));
      for (let round = 0; round < 3; round++) {
        await cutConnections();
        const publish = () => bench.queue.publish(bench.topic, [{ id: `round ${round}`, body: null }]);
        await until(() => publish().then(() => true), { what: 'publishing works again' });
        await until(() => got.includes(`round ${round}`), { what: `the message of round ${round} arrives` });
      }
      await bench.settled();
    },
    ['lost and back'],
  );

  bench.fault(
    'a message in hand while connections are cut is settled once they are back',
    async ({ cutConnections }) => {
      await bench.queue.publish(bench.topic, messages(1));
      let finish: (() => void) | undefined;
      await bench.queue.consume(
        bench.topic,
        { concurrency: 1 },
        () => new Promise<void>((resolve) => (finish = resolve)),
      );
      await until(() => finish, { what: 'it is held' });
      await cutConnections();
      const finishAnyDelivery = async (): Promise<boolean> => {
        finish?.();
        const { ready, unacknowledged } = await bench.queue.depth(bench.topic);
        return ready === 0 && unacknowledged === 0;
      };
      await until(finishAnyDelivery, { what: 'it is settled', withinMs: 15_000 + bench.subject.figuresWithinMs });
    },
  );

  bench.fault('a restart of the server keeps what was published', async ({ restart }) => {
    await bench.queue.publish(bench.topic, messages(20));
    const got = new Set<string>();
    await restart();
    await bench.queue.consume(bench.topic, { concurrency: 2 }, async ({ id }) => void got.add(id));
    await until(() => got.size === 20, { what: 'all arrive' });
    await restart();
    await until(() => bench.queue.publish(bench.topic, [{ id: 'after', body: null }]).then(() => true), {
      what: 'publishing works',
    });
    await until(() => got.has('after'), { what: 'the consumer is back, too', withinMs: 15_000 });
  });

  bench.fault(
    'a server that is killed under load has kept every message that it confirmed',
    async ({ crash }) => {
      const confirmed = new Set<string>();
      let crashed = false;
      const publisher = async (who: number): Promise<void> => {
        for (let n = 0; !crashed; n++) {
          const batch = messages(20).map(({ id, body }) => ({ id: `${who} ${n} ${id}`, body }));
          await bench.queue.publish(bench.topic, batch).then(
            () => {
              for (const { id } of batch) confirmed.add(id);
            },
            () => undefined, // any prefix, all or none of them is stored
          );
        }
      };
      const publishing = [1, 2, 3, 4].map(publisher);
      await until(() => confirmed.size >= 2_000, { what: 'two thousand are confirmed', withinMs: 60_000 });
      await crash();
      crashed = true;
      await Promise.all(publishing);
      const got = new Set<string>();
      const consume = () => bench.queue.consume(bench.topic, { concurrency: 100 }, async ({ id }) => void got.add(id));
      await until(() => consume(), { what: 'consuming works again', withinMs: 30_000 });
      const missing = (): string[] => [...confirmed].filter((id) => !got.has(id));
      await until(() => missing().length === 0, { what: 'all confirmed ones arrive', withinMs: 60_000 }).catch(
        () => undefined,
      );
      expect(missing()).toEqual([]);
    },
    ['lost and back'],
  );

  bench.fault(
    'a server that hangs is unreachable after a limit, and used again when it goes on',
    async ({ pause, resume }) => {
      const unreachable = { code: 'queue.unreachable' };
      const got: string[] = [];
      await bench.queue.consume(bench.topic, { concurrency: 2 }, async ({ id }) => void got.push(id));
      await bench.queue.publish(bench.topic, [{ id: 'before', body: null }]);
      await until(() => got.includes('before'), { what: 'the first arrives' });
      await pause();
      try {
        await Promise.all([
          expect(bench.queue.publish(bench.topic, [{ id: 'during', body: null }])).rejects.toMatchObject(unreachable),
          expect(bench.queue.depth(bench.topic)).rejects.toMatchObject(unreachable),
          expect(bench.subject.open()).rejects.toMatchObject(unreachable),
        ]);
      } finally {
        await resume();
      }
      const publish = () => bench.queue.publish(bench.topic, [{ id: 'after', body: null }]);
      await until(() => publish().then(() => true), { what: 'publishing works again', withinMs: 60_000 });
      await until(() => got.includes('after'), { what: 'consuming works again', withinMs: 60_000 });
      await bench.settled();
    },
    ['paused'],
  );

  bench.fault(
    'a message in hand while the server hangs is settled, and others are taken, when it goes on',
    async ({ pause, resume }) => {
      await bench.queue.publish(bench.topic, messages(3));
      const handled = new Set<string>();
      let finish: (() => void) | undefined;
      await bench.queue.consume(bench.topic, { concurrency: 1 }, async ({ id }) => {
        await new Promise<void>((resolve) => (finish = resolve));
        handled.add(id);
      });
      await until(() => finish, { what: 'one is held' });
      await pause();
      try {
        finish?.();
        await expect(bench.queue.depth(bench.topic)).rejects.toMatchObject({ code: 'queue.unreachable' });
      } finally {
        await resume();
      }
      const finishAll = (): boolean => {
        finish?.();
        return handled.size === 3;
      };
      await until(finishAll, { what: 'all are handled', withinMs: 60_000 });
    },
    ['paused'],
  );
}
