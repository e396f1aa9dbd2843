import { Agent } from 'node:http';
import { Server as NetServer } from 'node:net';
import { type EdgeBench, held, impatient } from './contract-bench';
import { ask, startLoad, startServer } from './contract-load';

/** No request is lost while servers come, go and die. */
export function lossContract(bench: EdgeBench): void {
  bench.promise('shifting from server to server under load loses no request', async () => {
    const servers = [await bench.serve('one'), await bench.serve('two')];
    await bench.edge.add(bench.pool, servers[0]!, held);
    const load = startLoad(bench.edge.url(bench.pool), { clients: 8, method: 'POST' });
    for (let round = 0; round < 6; round++) {
      const [next, old] = round % 2 === 0 ? [servers[1]!, servers[0]!] : [servers[0]!, servers[1]!];
      await load.more(60);
      await bench.edge.add(bench.pool, next, held);
      await bench.edge.drain(bench.pool, old.id);
      await bench.drained(old.id);
      const before = old.requests;
      await load.more(60);
      expect(old.requests).toBe(before);
      await bench.edge.remove(bench.pool, old.id);
    }
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(new Set(load.answers)).toEqual(new Set(['one', 'two']));
  });

  for (const [method, retry] of [
    ['GET', 'idempotent'],
    ['POST', 'all'],
  ] as const) {
    bench.promise(
      `a server killed under ${method} load loses no request (retry: ${retry})`,
      async () => {
        const victims = [await bench.launch('one'), await bench.launch('two'), await bench.launch('three')];
        for (const server of victims) await bench.edge.add(bench.pool, server, { holdSeconds: 10, retry });
        const load = startLoad(bench.edge.url(bench.pool), { clients: 8, method });
        await load.more(100);
        for (const victim of victims.slice(0, 2)) {
          victim.child.kill('SIGKILL');
          await load.more(100);
          await bench.edge.remove(bench.pool, victim.id, { force: true });
        }
        await load.stop();
        expect(load.failures).toEqual([]);
      },
      'redelivery',
    );
  }

  bench.promise(
    'a POST that reached a server which then died is not sent twice, but answered 502',
    async () => {
      const deaths: string[] = [];
      for (const id of ['one', 'two']) {
        await bench.edge.add(
          bench.pool,
          await bench.serve(id, (incoming) => {
            deaths.push(id);
            incoming.socket.destroy();
          }),
          held,
        );
      }
      expect(await ask(bench.edge.url(bench.pool), { method: 'POST', body: 'once' })).toMatchObject({ status: 502 });
      expect(deaths).toHaveLength(1);
    },
    'duplicates',
  );

  bench.promise('a request that every server dies of is given up', async () => {
    const deaths: string[] = [];
    for (const id of ['one', 'two']) {
      await bench.edge.add(
        bench.pool,
        await bench.serve(id, (incoming) => {
          deaths.push(id);
          incoming.socket.destroy();
        }),
        { ...held, retry: 'all' },
      );
    }
    const agent = new Agent();
    expect((await ask(bench.edge.url(bench.pool), { method: 'POST', body: 'poison', agent })).status).toBe(502);
    expect(deaths.length).toBeGreaterThan(1);
    expect(deaths.length).toBeLessThan(6);
  });

  bench.promise(
    'a server that dies slowly, kept connections last, loses no request',
    async () => {
      let dying = false;
      let together = (): void => undefined;
      const all = new Promise<void>((resolve) => {
        together = resolve;
      });
      const slow = await bench.serve('slow', (incoming, response) => {
        if (dying) return void incoming.socket.destroy();
        if (slow.connections.size === 5) together();
        void all.then(() => response.end('slow'));
      });
      const policy = { ...held, retry: 'all' } as const;
      await bench.edge.add(bench.pool, slow, policy);
      const agent = new Agent({ keepAlive: true });
      bench.closers.push(() => agent.destroy());
      const post = () => ask(bench.edge.url(bench.pool), { method: 'POST', body: 'x', agent });
      expect((await Promise.all(Array.from({ length: 5 }, post))).map(({ body }) => body)).toEqual(
        Array.from({ length: 5 }, () => 'slow'),
      );
      dying = true;
      // It takes no more connections; those it has are closed one by one, as they are used.
      NetServer.prototype.close.call(slow.http);
      const late = post();
      await bench.edge.add(bench.pool, await bench.serve('next'), policy);
      expect(await late).toMatchObject({ status: 200, body: 'next' });
    },
    'redelivery',
  );

  bench.promise('a request waits for a server that comes in time, with its body', async () => {
    const load = ask(bench.edge.url(bench.pool), { method: 'POST', body: 'patient' });
    const server = await bench.serve('late', (incoming, response) => void incoming.pipe(response));
    await bench.edge.add(bench.pool, server, held);
    expect(await load).toMatchObject({ status: 200, body: 'patient' });
    await bench.edge.drain(bench.pool, 'late');
    const second = ask(bench.edge.url(bench.pool), { method: 'POST', body: 'again' });
    await bench.edge.add(bench.pool, server, held);
    expect(await second).toMatchObject({ status: 200, body: 'again' });
  });

  bench.promise('a request waits for a server that refuses to come back', async () => {
    const first = await startServer('first');
    await bench.edge.add(bench.pool, first, held);
    await first.close();
    const waiting = Promise.all([
      ask(bench.edge.url(bench.pool)),
      ask(bench.edge.url(bench.pool), { method: 'POST', body: 'x' }),
    ]);
    await expect(
      Promise.race([waiting, new Promise((resolve) => setImmediate(resolve, 'still waiting'))]),
    ).resolves.toBe('still waiting');
    const second = await startServer('second', undefined, first.address.port);
    bench.closers.push(() => second.close());
    expect((await waiting).map(({ status, body }) => [status, body])).toEqual([
      [200, 'second'],
      [200, 'second'],
    ]);
  });

  bench.promise('without patience or in vain a request is answered 503', async () => {
    const server = await bench.serve('one');
    await bench.edge.add(bench.pool, server, impatient);
    await bench.edge.drain(bench.pool, 'one');
    expect(await ask(bench.edge.url(bench.pool))).toMatchObject({ status: 503 });
    await bench.edge.add(bench.pool, server, { ...held, holdSeconds: 0.2 });
    await bench.edge.drain(bench.pool, 'one');
    expect(await ask(bench.edge.url(bench.pool))).toMatchObject({ status: 503 });
  });
}
