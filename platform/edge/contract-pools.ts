import { type IncomingMessage } from 'node:http';
import { until } from '../../test/until';
import { type EdgeBench, held } from './contract-bench';
import { ask, startServer } from './contract-load';
import type { Pool } from './edge';

/** Pools, and what passes through them. */
export function poolsContract(bench: EdgeBench): void {
  bench.promise('a pool has its address before it has a server, and keeps it', async () => {
    const before = bench.edge.url(bench.pool);
    expect(before).toMatch(/^http:.*[^/]$/);
    const server = await bench.serve('one');
    await bench.edge.add(bench.pool, server, held);
    expect(bench.edge.url(bench.pool)).toBe(before);
    expect(await ask(`${before}/a/b?c=d`)).toMatchObject({ status: 200, body: 'one' });
    await bench.edge.remove(bench.pool, 'one', { force: true });
    expect(bench.edge.url(bench.pool)).toBe(before);
  });

  bench.promise('servers are listed with state and sessions', async () => {
    const { id, address } = await bench.serve('one');
    expect(await bench.edge.servers(bench.pool)).toEqual([]);
    await bench.edge.add(bench.pool, { id, address }, held);
    expect(await bench.edge.servers(bench.pool)).toEqual([{ id, address, state: 'ready', down: false, sessions: 0 }]);
    await bench.edge.drain(bench.pool, id);
    expect(await bench.edge.servers(bench.pool)).toEqual([
      { id, address, state: 'draining', down: false, sessions: 0 },
    ]);
  });

  bench.promise('add, drain and remove may be repeated, and a draining server becomes ready again', async () => {
    const server = await bench.serve('one');
    await bench.edge.add(bench.pool, server, held);
    await bench.edge.add(bench.pool, server, held);
    await bench.edge.drain(bench.pool, 'one');
    await bench.edge.drain(bench.pool, 'one');
    await bench.edge.add(bench.pool, server, held);
    expect(await bench.edge.servers(bench.pool)).toMatchObject([{ id: 'one', state: 'ready' }]);
    expect((await ask(bench.edge.url(bench.pool))).body).toBe('one');
    await bench.edge.remove(bench.pool, 'one');
    await bench.edge.remove(bench.pool, 'one');
    await bench.edge.remove(bench.pool, 'never-was');
    expect(await bench.edge.servers(bench.pool)).toEqual([]);
    await expect(bench.edge.drain(bench.pool, 'never-was')).rejects.toMatchObject({ code: 'edge.unknown-server' });
  });

  bench.promise('a server that took no connection is down until it takes one again', async () => {
    const first = await startServer('one');
    await bench.edge.add(bench.pool, first, { ...held, holdSeconds: 0.2 });
    const down = async () => (await bench.edge.servers(bench.pool)).map((server) => server.down);
    expect(await down()).toEqual([false]);
    await first.close();
    expect(await ask(bench.edge.url(bench.pool))).toMatchObject({ status: 503 });
    await until(async () => (await down())[0], { what: 'the server is down' });
    const second = await startServer('one', undefined, first.address.port);
    bench.closers.push(() => second.close());
    await until(async () => (await ask(bench.edge.url(bench.pool))).status === 200, { what: 'it is asked again' });
    await until(async () => !(await down())[0], { what: 'the server is up' });
  });

  bench.promise('servers that come to new pools all at once are all in them', async () => {
    const { address } = await bench.serve('one');
    const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
    const pools = Array.from({ length: 12 }, (_, n): Pool => ({ ...bench.pool, service: `at-once-${n}` }));
    await Promise.all(
      pools.flatMap((pool) => ids.map((id) => bench.edge.add(pool, { id: `${pool.service}-${id}`, address }, held))),
    );
    for (const pool of pools) {
      const found = (await bench.edge.servers(pool)).map(({ id }) => id).sort();
      expect(found).toEqual(ids.map((id) => `${pool.service}-${id}`));
      expect((await ask(bench.edge.url(pool))).status).toBe(200);
      await Promise.all(found.map((id) => bench.edge.remove(pool, id, { force: true })));
    }
  });

  bench.promise(
    'pools do not mix, of the same service in another environment neither',
    async () => {
      const other: Pool = { ...bench.pool, environment: 'prod' };
      await bench.edge.add(bench.pool, await bench.serve('of-stage'), held);
      await bench.edge.add(other, await bench.serve('of-prod'), held);
      expect([(await ask(bench.edge.url(bench.pool))).body, (await ask(bench.edge.url(other))).body]).toEqual([
        'of-stage',
        'of-prod',
      ]);
      await bench.edge.remove(other, 'of-prod', { force: true });
    },
    'another environment',
  );

  bench.promise('what the server gets and what the client gets is what the other sent', async () => {
    const seen: { method: string; url: string; body: string; headers: IncomingMessage['headers'] }[] = [];
    const server = await bench.serve('echo', (incoming, response) => {
      let body = '';
      incoming.setEncoding('utf8').on('data', (piece) => (body += piece));
      incoming.once('end', () => {
        seen.push({ method: incoming.method!, url: incoming.url!, body, headers: incoming.headers });
        response.writeHead(418, { 'content-type': 'text/plain', 'set-cookie': ['a=1', 'b=2'] });
        response.end(`heard ${body}`);
      });
    });
    await bench.edge.add(bench.pool, server, held);
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const answer = await ask(`${bench.edge.url(bench.pool)}/a%20b/?q=%C3%A9&q=2`, {
      method: 'POST',
      body: 'ünïcode',
      headers: {
        'x-hub-signature-256': 'sha256=abc',
        traceparent,
        connection: 'x-private',
        'x-private': 'to the edge only',
      },
    });
    expect(answer).toMatchObject({
      status: 418,
      body: 'heard ünïcode',
      headers: { 'content-type': 'text/plain', 'set-cookie': ['a=1', 'b=2'] },
    });
    expect(seen).toMatchObject([
      { method: 'POST', body: 'ünïcode', headers: { 'x-hub-signature-256': 'sha256=abc', traceparent } },
    ]);
    expect(seen[0]!.url).toMatch(/\/a%20b\/\?q=%C3%A9&q=2$/);
    expect(seen[0]!.headers['x-forwarded-for']).toContain('127.0.0.1');
    expect(seen[0]!.headers['x-private']).toBeUndefined();
  });

  bench.promise('traffic is spread over the ready servers', async () => {
    await bench.edge.add(bench.pool, await bench.serve('one'), held);
    await bench.edge.add(bench.pool, await bench.serve('two'), held);
    const counts: Record<string, number> = {};
    for (let i = 0; i < 40; i++) {
      const { body } = await ask(bench.edge.url(bench.pool));
      counts[body] = (counts[body] ?? 0) + 1;
    }
    expect(Object.values(counts).every((count) => count >= 15)).toBe(true);
  });

  bench.promise('large bodies are passed on in both directions', async () => {
    const server = await bench.serve('echo', (incoming, response) => void incoming.pipe(response));
    await bench.edge.add(bench.pool, server, held);
    const body = Buffer.alloc(5 * 1024 * 1024, 'edwin ');
    const answer = await ask(bench.edge.url(bench.pool), { method: 'POST', body });
    expect(answer.body.length).toBe(body.length);
    expect(answer.body === body.toString()).toBe(true);
  });
}
