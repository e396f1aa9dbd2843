import { randomUUID } from 'node:crypto';
import { type ChannelModel, connect } from 'amqplib';
import { onEngines } from '../../test/engines/engine';
import { openRelay, type Relay } from '../../test/engines/relay';
import { until } from '../../test/until';
import { silent } from '../log';
import { messages } from './contract-bench';
import { rabbitOperator } from './fixture-rabbitmq';
import type { IncomingMessage, Queue } from './queue';
import { openRabbitQueue } from './rabbitmq';

/** @seconds 50 */
onEngines(['rabbitmq'], ({ rabbitmq }) => {
  let relay: Relay;
  const rabbit = rabbitOperator(rabbitmq);
  let operator: ChannelModel;
  let topic: string;
  let queue: Queue;
  const opened: Queue[] = [];

  const direct = (): URL => new URL(rabbitmq.setting('EDWIN_TEST_RABBITMQ_STAGE_URL'));
  const open = async (options: { deliveryLimit?: number } = {}, management?: string): Promise<Queue> => {
    const url = rabbit.stage({ port: String(relay.port), ...(management !== undefined && { management }) });
    const another = await openRabbitQueue(url, silent, options);
    opened.push(another);
    return another;
  };
  const collect = async (from: Queue, concurrency = 1): Promise<IncomingMessage[]> => {
    const got: IncomingMessage[] = [];
    await from.consume(topic, { concurrency }, async (message) => void got.push(message));
    return got;
  };
  const asOperator = async <T>(work: (channel: Awaited<ReturnType<ChannelModel['createChannel']>>) => Promise<T>) => {
    const channel = await operator.createChannel();
    channel.on('error', () => undefined);
    return work(channel).finally(() => channel.close().catch(() => undefined));
  };
  const connectOperator = async (): Promise<void> => {
    operator = await connect(direct().toString());
    operator.on('error', () => undefined);
  };

  beforeAll(async () => {
    const { hostname, port } = direct();
    relay = await openRelay({ host: hostname, port: Number(port) });
  });
  afterAll(() => relay.close());
  beforeEach(async () => {
    topic = `feature.${randomUUID().slice(0, 8)}`;
    await connectOperator();
    queue = await open();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((one) => one.close()));
    await operator.close().catch(() => undefined);
    await rabbit.forget(topic);
  });

  test('a message for a queue that somebody deleted makes it anew, and is not dropped', async () => {
    await queue.publish(topic, messages(1));
    await asOperator((channel) => channel.deleteQueue(topic));
    await queue.publish(topic, [{ id: 'after', body: null }]);
    const got = await collect(queue);
    await until(() => got.length > 0, { what: 'it arrives' });
    expect(got.map(({ id }) => id)).toEqual(['after']);
  });

  test('messages of many traces that are published together keep their order, as an outbox needs it', async () => {
    const trace = (n: number): string => `00-${String(n + 1).padStart(32, '0')}-b7ad6b7169203331-01`;
    const many = messages(450).map((one, n) => ({ ...one, headers: { traceparent: trace(n) } }));
    await Promise.all([queue.publish(topic, many.slice(0, 200)), queue.publish(topic, many.slice(200))]);
    const got = await collect(queue);
    await until(() => got.length === 450, { what: 'all arrive', withinMs: 30_000 });
    expect(got.map(({ id }) => id)).toEqual(many.map(({ id }) => id));
  });

  test('a consumer whose queue is deleted makes it anew', async () => {
    const got = await collect(queue);
    await queue.publish(topic, messages(1));
    await until(() => got.length === 1, { what: 'the first arrives' });
    await asOperator((channel) => channel.deleteQueue(topic));
    await queue.publish(topic, [{ id: 'after', body: null }]);
    await until(() => got.length === 2, { what: 'the second arrives', withinMs: 20_000 });
  });

  test('a queue that something else keeps under the name is told, and left alone', async () => {
    await asOperator((channel) => channel.assertQueue(topic, { durable: false }));
    const refused = { code: 'queue.taken', message: expect.stringContaining(topic) };
    await expect(queue.publish(topic, messages(1))).rejects.toMatchObject(refused);
    await expect(queue.consume(topic, { concurrency: 1 }, async () => undefined)).rejects.toMatchObject(refused);
    await asOperator((channel) => channel.deleteQueue(topic));
  });

  test('programs that choose another limit of deliveries share the queue', async () => {
    await queue.publish(topic, messages(1));
    const strict = await open({ deliveryLimit: 3 });
    await strict.publish(topic, [{ id: 'm1', body: null }]);
    const got = await collect(strict);
    await until(() => got.length === 2, { what: 'both arrive' });
  });

  test('the server itself puts a message aside that is lost with each of its consumers', async () => {
    const strict = await open({ deliveryLimit: 2 });
    await strict.publish(topic, [{ id: 'poison', body: { n: 1 } }]);
    for (let lost = 0; lost < 2; lost++)
      await asOperator(async (channel) => {
        await until(() => channel.get(topic), { what: 'it is delivered' }); // the end of the channel loses it
      });
    await until(async () => (await strict.depth(topic)).dead === 1, { what: 'it is dead' });
    const reason = expect.stringContaining('consumers were lost');
    expect(await strict.dead.list(topic, 5)).toMatchObject([{ id: 'poison', body: { n: 1 }, attempt: 2, reason }]);
    const got = await collect(strict);
    expect(await strict.dead.replay(topic, ['poison'])).toBe(1);
    await until(() => got.length === 1, { what: 'it is delivered again' });
    expect(got[0]).toMatchObject({ id: 'poison', attempt: 1 });
  });

  test('what nobody of us published is put aside at once, unread', async () => {
    await queue.publish(topic, messages(1));
    await asOperator(async (channel) => channel.sendToQueue(topic, Buffer.from('no json'), { messageId: 'foreign' }));
    const got = await collect(queue);
    await until(async () => (await queue.depth(topic)).dead === 1, { what: 'it is dead' });
    expect(got.map(({ id }) => id)).toEqual(['m0']);
    const reason = expect.stringContaining('not JSON');
    expect(await queue.dead.list(topic, 5)).toMatchObject([{ id: 'foreign', body: 'no json', reason }]);
  });

  test('a publication waits for a network that is cut for a moment', async () => {
    const got = await collect(queue);
    await relay.cut();
    const published = queue.publish(topic, messages(50));
    await relay.mend();
    await published;
    await until(() => new Set(got.map(({ id }) => id)).size === 50, { what: 'all arrive', withinMs: 20_000 });
  });

  test('while deliveries come again after a lost connection, no more than wanted are in hand', async () => {
    await queue.publish(topic, messages(6));
    const held: (() => void)[] = [];
    let most = 0;
    let now = 0;
    const seen = new Set<string>();
    await queue.consume(topic, { concurrency: 2 }, async ({ id }) => {
      most = Math.max(most, ++now);
      seen.add(id);
      await new Promise<void>((resolve) => held.push(resolve));
      now--;
    });
    await until(() => held.length === 2, { what: 'two are held' });
    await relay.cut();
    await relay.mend();
    const others = await collect(await open()); // those that were held come to somebody else, or to us again
    await until(() => [...new Set([...seen, ...others.map(({ id }) => id)])].length === 6 || others.length >= 4, {
      what: 'the others are handled',
    });
    const finishAll = async (): Promise<boolean> => {
      for (const finish of held.splice(0)) finish();
      return (await queue.depth(topic)).ready === 0 && now === 0;
    };
    await until(finishAll, { what: 'all are handled', withinMs: 20_000 });
    expect(most).toBe(2);
  });

  test('a replay that is cut off in the middle loses none', async () => {
    const strict = await open({ deliveryLimit: 1 });
    await strict.publish(topic, messages(400));
    const consumer = await strict.consume(topic, { concurrency: 50 }, async () => {
      throw new Error('no');
    });
    await until(async () => (await strict.depth(topic)).dead === 400, { what: 'all are dead', withinMs: 60_000 });
    await consumer.stop();
    const replaying = strict.dead.replay(topic, 'all').then(
      () => 'done',
      () => 'cut off',
    );
    await until(async () => ((await queue.depth(topic)).ready > 0 ? true : undefined), { what: 'it has begun' });
    await relay.cut();
    await relay.mend();
    await replaying;
    const got = await collect(queue, 50);
    const rest = (): Promise<number> => queue.dead.replay(topic, 'all');
    await until(() => rest().then(() => true), { what: 'the rest is replayed', withinMs: 20_000 });
    await until(() => new Set(got.map(({ id }) => id)).size === 400, { what: 'all arrive', withinMs: 30_000 });
  });

  test('without the management API the counts of AMQP are told, and health does not suffer', async () => {
    for (const management of ['none', 'http://127.0.0.1:1']) {
      const blind = await open({}, management);
      await blind.publish(topic, [{ id: management, body: null }]);
      const depth = await blind.depth(topic);
      expect(depth).toMatchObject({ dead: 0, unacknowledged: undefined, arrivedPerSecond: undefined });
      expect(depth.ready).toBeGreaterThan(0);
      expect(depth.oldestSeconds).toBeUndefined();
      await expect(blind.dead.queues('bot.')).rejects.toMatchObject({ code: 'queue.unreachable' });
    }
  });

  test('errors name the address and never the password', async () => {
    const wrong = rabbit.stage({ password: 'not-the-password' });
    const error = await openRabbitQueue(wrong, silent).catch((refused: unknown) => refused as Error);
    expect(error).toMatchObject({
      code: 'queue.refused',
      message: expect.stringContaining(`${direct().host} (virtual host stage)`),
    });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('not-the-password');
  });

  if (rabbitmq.disturbable) {
    test('what pauses between two deliveries outlives a killed server, and its attempts are counted on', async () => {
      await queue.publish(topic, messages(20));
      const attempts = new Map<string, number[]>();
      let broken = true;
      await queue.consume(topic, { concurrency: 20 }, async ({ id, attempt }) => {
        attempts.set(id, [...(attempts.get(id) ?? []), attempt]);
        if (broken) throw new Error('not yet');
      });
      await until(() => attempts.size === 20 && [...attempts.values()].every((list) => list.length >= 3), {
        what: 'all have failed three times',
        withinMs: 30_000,
      });
      await rabbitmq.control('crash');
      broken = false;
      await rabbitmq.control('up');
      await connectOperator();
      const done = (): boolean => [...attempts.values()].every((list) => list.length >= 4);
      await until(done, { what: 'all are delivered again', withinMs: 90_000 });
      for (const list of attempts.values()) expect(Math.max(...list)).toBeGreaterThanOrEqual(4);
    });

    test('the first message of a queue outlives a server that is killed as soon as it is confirmed', async () => {
      await queue.publish(topic, messages(1));
      await rabbitmq.control('crash');
      await rabbitmq.control('up');
      await connectOperator();
      const got: string[] = [];
      const consume = () => queue.consume(topic, { concurrency: 1 }, async ({ id }) => void got.push(id));
      await until(consume, { what: 'consuming works again', withinMs: 60_000 });
      await until(() => got.length > 0, { what: 'it arrives', withinMs: 30_000 });
    });

    test('a server that is short of memory takes nothing and says so, while consumers go on', async () => {
      await queue.publish(topic, messages(3));
      const alarm = (share: string) => rabbitmq.control('ctl', 'set_vm_memory_high_watermark', ...share.split(' '));
      await alarm('0.00001');
      try {
        const refused = { code: 'queue.unreachable', message: expect.stringContaining('takes no messages now') };
        await expect(queue.publish(topic, [{ id: 'later', body: null }])).rejects.toMatchObject(refused);
        const got = await collect(await open());
        await until(() => got.length >= 3, { what: 'those that are stored arrive' });
      } finally {
        await alarm('absolute 1GB');
      }
      await until(() => queue.publish(topic, [{ id: 'later', body: null }]).then(() => true), {
        what: 'publishing works again',
        withinMs: 30_000,
      });
    });
  }
});
