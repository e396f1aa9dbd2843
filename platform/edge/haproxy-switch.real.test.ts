import { onEngines } from '../../test/engines/engine';
import { type RunningHaproxy, startHaproxy } from '../../test/engines/haproxy';
import { until } from '../../test/until';
import { startLoad, startServer } from './contract-load';
import type { Edge, Pool, PoolPolicy } from './edge';
import { openEdge } from './open';

/** Switches between releases under load: what HAProxy does without a reload. */
onEngines(['haproxy'], ({ haproxy }) => {
  const pool: Pool = { environment: 'stage', service: 'web' };
  const policy: PoolPolicy = { holdSeconds: 10, retry: 'idempotent' };
  let server: RunningHaproxy;
  let edge: Edge;
  const closers: (() => unknown)[] = [];

  beforeEach(async () => {
    server = await startHaproxy({ program: haproxy.setting('EDWIN_TEST_HAPROXY') });
    edge = await openEdge(server.adminUrl, { trafficUrl: server.trafficUrl, token: '' });
  });
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
    await edge.close();
    await server.stop();
  });
  const launch = async (id: string) => {
    const one = await startServer(id);
    closers.push(() => one.close());
    return one;
  };

  test('10,000 requests at 40 in flight during 10 switches: none fails, and HAProxy is never reloaded', async () => {
    const release = (number: number) => Promise.all([1, 2, 3].map((i) => launch(`r${number}-${i}`)));
    let serving = await release(0);
    await Promise.all(serving.map((each) => edge.add(pool, each, policy)));
    const pids = server.workers();
    const load = startLoad(edge.url(pool), { clients: 40 });
    for (let number = 1; number <= 10; number++) {
      const fresh = await release(number);
      await Promise.all(fresh.map((each) => edge.add(pool, each, policy)));
      await Promise.all(serving.map(({ id }) => edge.drain(pool, id)));
      const old = new Set(serving.map(({ id }) => id));
      await until(async () => (await edge.servers(pool)).every(({ id, sessions }) => !old.has(id) || sessions === 0), {
        what: 'the old ones have no sessions',
      });
      // At once, as of a process that exits.
      await Promise.all(serving.map((each) => each.close()));
      await Promise.all(serving.map(({ id }) => edge.remove(pool, id)));
      serving = fresh;
      await load.more(200);
    }
    if (load.answers.length < 10_000) await load.more(10_000 - load.answers.length);
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(load.answers.length).toBeGreaterThanOrEqual(10_000);
    expect(new Set(load.answers.map((answer) => answer.split('-')[0])).size).toBe(11);
    expect(server.workers()).toEqual(pids);
  }, 240_000);

  test('connections to servers are kept and used again, of those added at run time and of those read from the file', async () => {
    const one = await startServer('one');
    closers.push(() => one.close());
    let opened = 0;
    one.http.on('connection', () => opened++);
    await edge.add(pool, one, policy);
    for (const origin of ['run time', 'file']) {
      if (origin === 'file') {
        await server.crash();
        await server.start();
      }
      opened = 0;
      const load = startLoad(edge.url(pool), { clients: 4 });
      await load.more(400);
      await load.stop();
      expect(load.failures).toEqual([]);
      // One for each client, those of health checks, and one more where two met.
      expect(opened).toBeLessThan(100);
    }
  });

  test('what must not be sent twice goes over a fresh connection, which no server can be closing', async () => {
    const one = await startServer('one');
    closers.push(() => one.close());
    const used = new Map<unknown, number>();
    one.http.on('request', ({ socket }) => used.set(socket, (used.get(socket) ?? 0) + 1));
    await edge.add(pool, one, policy);
    const load = startLoad(edge.url(pool), { clients: 2, method: 'POST' });
    await load.more(50);
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(Math.max(...used.values())).toBe(1);
  });
});
