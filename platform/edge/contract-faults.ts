import type { EdgeBench } from './contract-bench';
import { held } from './contract-bench';
import { ask, startLoad } from './contract-load';
import type { Edge } from './edge';

/** What is promised for every call, in ms: within it there is an answer or an error. */
const LIMIT_MS = 10_000;

/** The edge itself goes away, hangs, or refuses who asks. */
export function faultsContract(bench: EdgeBench): void {
  /** In a pool apart: what is asked of a hanging edge it may still do when it goes on. */
  const everyCall = (edge: Edge): Promise<unknown>[] => {
    const pool = { ...bench.pool, service: `${bench.pool.service}-apart` };
    return [
      edge.servers(pool),
      edge.add(pool, { id: 'one', address: { host: '127.0.0.1', port: 1 } }, held),
      edge.drain(pool, 'one'),
      edge.remove(pool, 'one'),
    ];
  };
  const codes = async (calls: Promise<unknown>[]): Promise<unknown[]> => {
    const outcomes = await Promise.allSettled(calls);
    return outcomes.map((outcome) => (outcome.status === 'fulfilled' ? 'done' : outcome.reason.code));
  };

  bench.promise(
    'an edge that is not there is named, within the limit of a call',
    async () => {
      const edge = bench.fixture.openNowhere();
      const since = performance.now();
      expect(await codes(everyCall(edge))).toEqual(Array(4).fill('edge.unreachable'));
      expect(performance.now() - since).toBeLessThan(LIMIT_MS);
      await edge.close();
    },
    'unreachable',
  );

  bench.promise(
    'pools survive a kill of the edge, which then serves as before',
    async () => {
      const [one, two] = [await bench.serve('one'), await bench.serve('two')];
      await bench.edge.add(bench.pool, one, held);
      await bench.edge.add(bench.pool, two, held);
      await bench.edge.drain(bench.pool, 'two');
      const url = bench.edge.url(bench.pool);
      await bench.restart();
      expect(bench.edge.url(bench.pool)).toBe(url);
      expect((await bench.edge.servers(bench.pool)).map(({ id, state }) => [id, state]).sort()).toEqual([
        ['one', 'ready'],
        ['two', 'draining'],
      ]);
      for (let i = 0; i < 4; i++) expect(await ask(url)).toMatchObject({ status: 200, body: 'one' });
      await bench.edge.add(bench.pool, two, held);
      await bench.edge.drain(bench.pool, 'one');
      expect((await ask(url)).body).toBe('two');
    },
    'lost and back',
  );

  bench.promise(
    'what is asked while the edge is away is done when it is back',
    async () => {
      const server = await bench.serve('one');
      await bench.fixture.crash();
      const added = bench.edge.add(bench.pool, server, held);
      await bench.fixture.start();
      await added;
      expect((await ask(bench.edge.url(bench.pool))).body).toBe('one');
    },
    'lost and back',
  );

  bench.promise(
    'each change that was confirmed outlives a kill in the very next moment',
    async () => {
      const servers = [await bench.serve('one'), await bench.serve('two'), await bench.serve('three')];
      for (const server of servers) await bench.edge.add(bench.pool, server, held);
      await Promise.all([bench.edge.remove(bench.pool, 'one'), bench.edge.drain(bench.pool, 'two')]);
      await bench.restart();
      expect((await bench.edge.servers(bench.pool)).map(({ id, state }) => [id, state]).sort()).toEqual([
        ['three', 'ready'],
        ['two', 'draining'],
      ]);
    },
    'lost and back',
  );

  bench.promise(
    'a hanging edge does not hang who calls it, and is usable when it goes on',
    async () => {
      await bench.edge.add(bench.pool, await bench.serve('one'), held);
      const edge = bench.fixture.open();
      bench.fixture.pause();
      const request = ask(bench.edge.url(bench.pool));
      try {
        const since = performance.now();
        expect(await codes(everyCall(edge))).toEqual(Array(4).fill('edge.unreachable'));
        expect(performance.now() - since).toBeLessThan(LIMIT_MS);
      } finally {
        bench.fixture.resume();
      }
      expect((await request).body).toBe('one');
      expect(await codes([edge.servers(bench.pool), edge.remove(bench.pool, 'never-was')])).toEqual(['done', 'done']);
      await edge.close();
    },
    'paused',
  );

  bench.promise(
    'closing ends calls that are under way, and leaves traffic alone',
    async () => {
      await bench.edge.add(bench.pool, await bench.serve('one'), held);
      const edge = bench.fixture.open();
      bench.fixture.pause();
      const calls = everyCall(edge);
      const outcomes = codes(calls);
      const since = performance.now();
      await edge.close();
      await edge.close();
      try {
        expect(await outcomes).toEqual(Array(4).fill('edge.unreachable'));
        expect(performance.now() - since).toBeLessThan(1_000);
      } finally {
        bench.fixture.resume();
      }
      const load = startLoad(bench.edge.url(bench.pool), { clients: 4 });
      await load.more(50);
      await load.stop();
      expect(load.failures).toEqual([]);
    },
    'close while busy',
  );

  bench.promise(
    'who has no right to control the edge is refused, and changes nothing',
    async () => {
      const { edge, close } = bench.fixture.openWithoutRights();
      try {
        expect(await codes(everyCall(edge))).toEqual(Array(4).fill('edge.refused'));
      } finally {
        close();
      }
      expect(await bench.edge.servers(bench.pool)).toEqual([]);
    },
    'wrong credentials',
  );
}
