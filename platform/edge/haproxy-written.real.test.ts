import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { onEngines } from '../../test/engines/engine';
import { type RunningHaproxy, startHaproxy } from '../../test/engines/haproxy';
import { until } from '../../test/until';
import { ask, startLoad, startServer, type TestServer } from './contract-load';
import type { Edge, NewServer, Pool, PoolPolicy } from './edge';
import { openEdge } from './open';

/** The written pools, and what is left of them after restarts, reloads and hands. */
onEngines(['haproxy'], ({ haproxy }) => {
  const pool: Pool = { environment: 'stage', service: 'web' };
  const policy: PoolPolicy = { holdSeconds: 10, retry: 'all' };
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
  const serve = async (...args: Parameters<typeof startServer>): Promise<TestServer> => {
    const one = await startServer(...args);
    closers.push(() => one.close());
    return one;
  };
  const away = (id: string, port = 9): NewServer => ({ id, address: { host: '127.0.0.1', port } });
  const command = (line: string): Promise<string> =>
    new Promise((done, fail) => {
      let answer = '';
      const socket = connect(server.socket, () => socket.end(`${line}\n`));
      socket
        .on('data', (piece) => (answer += piece))
        .once('error', fail)
        .once('close', () => done(answer));
    });
  /** `slot/id host:port`, with a `-` for those without traffic. */
  const running = async (): Promise<string[]> =>
    (await command('@1 show servers state'))
      .split('\n')
      .map((line) => line.split(' '))
      .filter((words) => words.length > 20 && words[1]!.startsWith('pool-') && words[3] !== ':hold')
      .map((words) => `${words[1]}/${words[3]} ${words[4]}:${words[18]}${words[6] === '0' ? '' : ' -'}`)
      .sort();
  const written = (): string[] => {
    let slot = '';
    return readFileSync(join(server.folder, 'pools.cfg'), 'utf8')
      .split('\n')
      .flatMap((line) => {
        slot = /^backend (\S+)/.exec(line)?.[1] ?? slot;
        const [found, id, address] = /^ {4}server ([^:\s]\S*) (\S+)/.exec(line) ?? [];
        return found ? [`${slot}/${id} ${address}${line.endsWith(' disabled') ? ' -' : ''}`] : [];
      })
      .sort();
  };

  test('after each change the written pools are those that HAProxy has, and it is never reloaded', async () => {
    const other: Pool = { environment: 'prod', service: 'web' };
    const pids = server.workers();
    const changes: [work: () => Promise<unknown>, servers: number][] = [
      [() => edge.add(pool, away('one'), policy), 1],
      [() => Promise.all([2, 3, 4].map((i) => edge.add(pool, away(`s${i}`, i), policy))), 4],
      [() => edge.add(other, away('one'), policy), 5],
      [() => Promise.all([edge.drain(pool, 's2'), edge.drain(pool, 's3')]), 5],
      [() => edge.add(pool, away('one', 10), { holdSeconds: 1, retry: 'idempotent' }), 5],
      [() => edge.remove(pool, 's2'), 4],
      [() => Promise.all([edge.remove(pool, 's3'), edge.add(pool, away('s4', 4), policy)]), 3],
    ];
    for (const [work, servers] of changes) {
      await work();
      expect(written()).toEqual(await running());
      expect(written()).toHaveLength(servers);
    }
    expect(written()).toEqual(['pool-1/one 127.0.0.1:10', 'pool-1/s4 127.0.0.1:4', 'pool-2/one 127.0.0.1:9']);
    expect(readFileSync(join(server.folder, 'pools.map'), 'utf8').split('\n')[0]).toBe(
      'stage/web pool-1:10000:all:70000',
    );
    expect(server.workers()).toEqual(pids);
  });

  test('two programs that change pools at once leave the truth in the file, and no slot with two pools', async () => {
    const second = await openEdge(server.adminUrl, { trafficUrl: server.trafficUrl, token: '' });
    closers.push(() => second.close());
    const services = Array.from({ length: 12 }, (_, i) => `s${i}`);
    await Promise.all(
      services.map((service, i) => (i % 2 ? edge : second).add({ ...pool, service }, away(service, i + 1), policy)),
    );
    expect(written()).toEqual(await running());
    for (const [i, service] of services.entries())
      expect(await edge.servers({ ...pool, service })).toMatchObject([{ id: service, address: { port: i + 1 } }]);
  });

  test('hands at HAProxy, and a restart with older files, are seen and can be put right', async () => {
    const one = await serve('one');
    const older = ['pools.cfg', 'pools.map'].map((name) => [name, readFileSync(join(server.folder, name))] as const);
    await edge.add(pool, one, policy);
    await command('@1 set server pool-1/one state maint');
    expect(await edge.servers(pool)).toMatchObject([{ id: 'one', state: 'draining' }]);
    await edge.add(pool, one, policy);
    expect((await ask(edge.url(pool))).body).toBe('one');
    await server.crash();
    for (const [name, content] of older) writeFileSync(join(server.folder, name), content);
    await server.start();
    expect(await edge.servers(pool)).toEqual([]);
    await edge.add(pool, one, policy);
    expect((await ask(edge.url(pool))).body).toBe('one');
    expect(written()).toEqual(await running());
  });

  test('a host told by name is listed by name, also after a restart', async () => {
    const { id, address } = await serve('one');
    const named = { id, address: { host: 'localhost', port: address.port } };
    await edge.add(pool, named, policy);
    await server.crash();
    await server.start();
    expect(await edge.servers(pool)).toMatchObject([named]);
    expect((await ask(edge.url(pool))).body).toBe('one');
    await edge.remove(pool, id, { force: true });
    expect(readFileSync(join(server.folder, 'pools.map'), 'utf8')).not.toContain('localhost');
  });

  test('more pools than there are slots make one reload, which loses no request', async () => {
    let finish: () => void = () => undefined;
    const one = await serve('one', (incoming, response) => {
      if (!incoming.url!.endsWith('/slow')) return response.end('one');
      response.write('begun ');
      finish = () => response.end('and finished');
    });
    await edge.add(pool, one, policy);
    const before = server.workers();
    // 64 slots, 4 of them kept free.
    const more = (i: number) => edge.add({ ...pool, service: `more-${i}` }, away(`m${i}`), policy);
    const later = { ...pool, service: 'later' };
    await edge.add(later, away('gone'), { holdSeconds: 60, retry: 'all' });
    await edge.remove(later, 'gone');
    for (let i = 0; i < 58; i++) await more(i);
    const slow = ask(`${edge.url(pool)}/slow`);
    const load = startLoad(edge.url(pool), { clients: 20 });
    await load.more(100);
    const held = ask(edge.url(later));
    expect(server.workers()).toEqual(before);
    await more(58);
    // The process from before holds one, which finds the server that comes now.
    await edge.add(later, await serve('later'), policy);
    expect((await held).body).toBe('later');
    await load.more(200);
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(server.workers().filter((pid) => !before.includes(pid))).toHaveLength(1);
    expect(written()).toHaveLength(61);
    expect(written()).toEqual(await running());
    // It also still answers one, whose session counts.
    await until(async () => (await edge.servers(pool))[0]?.sessions === 1, { what: 'only the slow one is left' });
    await expect(edge.remove(pool, 'one')).rejects.toMatchObject({ code: 'edge.busy' });
    finish();
    expect((await slow).body).toBe('begun and finished');
    await until(async () => (await edge.servers(pool))[0]?.sessions === 0, { what: 'the session ended' });
    await edge.remove(pool, 'one');
  });

  test('an address with another folder than HAProxy knows is told, and so are pools that can not be written', async () => {
    const open = (folder: string) =>
      openEdge(server.adminUrl.replace(/config=.*/, `config=${folder}`), { trafficUrl: server.trafficUrl, token: '' });
    const wrong = await open('/nowhere');
    await expect(wrong.servers(pool)).rejects.toMatchObject({
      code: 'config.invalid',
      message: expect.stringContaining('EDGE_POOLS'),
    });
    await wrong.close();
    const file = join(server.folder, 'pools.cfg');
    rmSync(file);
    mkdirSync(file);
    await expect(edge.add(pool, away('one'), policy)).rejects.toMatchObject({ code: 'edge.not-written' });
    rmdirSync(file);
    await edge.add(pool, away('one'), policy);
    expect(written()).toEqual(['pool-1/one 127.0.0.1:9']);
    expect(readdirSync(server.folder).sort()).toEqual(['hold.sock', 'pools.cfg', 'pools.map']);
  });
});
