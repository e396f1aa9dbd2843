import type { Resolver } from 'node:dns/promises';
import { absent } from '../../test/engines/absent';
import { consulOperator, startHostAgent } from '../../test/engines/consul';
import { onEngines } from '../../test/engines/engine';
import { type Operator, openOperator } from '../../test/faults/operator';
import { type Controller, createWorld, openController, type World } from '../../test/faults/world';
import { until } from '../../test/until';
import type { Boundary } from '../fleet/parts';
import { silent } from '../log';
import { openRegistry } from './open';
import type { Registration, Registry } from './registry';

onEngines(['consul'], ({ consul }) => {
  const operator = consulOperator(consul);
  const tokens: { secret: string; revoke(): Promise<void> }[] = [];
  const names: Resolver = operator.names();
  let registry: Registry;

  const none = (error: { code: string }): [] => {
    if (error.code === 'ENOTFOUND' || error.code === 'ENODATA') return [];
    throw error;
  };
  const addresses = async (name: string): Promise<string[]> =>
    (await names.resolve4(`${name}.service.stage.consul`).catch(none)).sort();
  /** An answer by UDP names three at most, any three; twelve of them name all. */
  const ports = async (name: string, answers = 12): Promise<number[]> => {
    const found = new Set<number>();
    for (let n = 0; n < answers; n++)
      for (const { port } of await names.resolveSrv(`${name}.service.stage.consul`).catch(none)) found.add(port);
    return [...found].sort();
  };

  beforeAll(async () => {
    tokens.push(await operator.token('stage'), await operator.token('prod'));
    registry = await openRegistry(operator.address('stage', tokens[0]!.secret), silent);
  });
  afterAll(async () => {
    await registry.close();
    await Promise.all(tokens.map((token) => token.revoke()));
  });

  describe('names of a service', () => {
    const entry = (n: number, more: Partial<Registration> = {}): Registration => ({
      id: `named-${n}`,
      service: 'named',
      release: n > 2 ? 2 : 1,
      host: 'h1',
      address: { host: `127.0.0.${10 + n}`, port: 4000 + n },
      ttlSeconds: 60,
      ...more,
    });
    afterEach(async () => {
      for (const { id } of await registry.instances('named')) await registry.deregister(id);
    });

    test('lead to the healthy instances alone, by address and by port', async () => {
      for (const n of [1, 2, 3]) await registry.register(entry(n));
      expect(await addresses('named')).toEqual([]);
      for (const n of [1, 3]) await registry.report(entry(n).id, 'passing');
      expect(await addresses('named')).toEqual(['127.0.0.11', '127.0.0.13']);
      expect(await ports('named')).toEqual([4001, 4003]);
      await registry.report(entry(1).id, 'critical', '503');
      expect(await addresses('named')).toEqual(['127.0.0.13']);
      expect(await addresses('release-2.named')).toEqual(['127.0.0.13']);
      await registry.deregister(entry(3).id);
      expect(await addresses('named')).toEqual([]);
    });

    test('no longer lead to what nobody vouches for', async () => {
      await registry.register(entry(1, { ttlSeconds: 1 }));
      await registry.report(entry(1).id, 'passing');
      expect(await addresses('named')).toEqual(['127.0.0.11']);
      await until(async () => (await addresses('named')).length === 0, { what: 'it is gone from the names' });
      await registry.report(entry(1).id, 'passing');
      expect(await addresses('named')).toEqual(['127.0.0.11']);
    });

    test('never lead to a new address by the health of the old one', async () => {
      await registry.register(entry(1));
      await registry.report(entry(1).id, 'passing');
      let over = false;
      const asked = new Set<string>();
      const asking = (async () => {
        while (!over) for (const address of await addresses('named')) asked.add(address);
      })();
      for (let n = 21; n <= 40; n++)
        await registry.register(entry(1, { address: { host: `127.0.0.${n}`, port: 4001 } }));
      over = true;
      await asking;
      expect([...asked].filter((address) => address !== '127.0.0.11')).toEqual([]);
    });

    test('the same registration again takes nothing away for a moment', async () => {
      await registry.register(entry(1));
      await registry.report(entry(1).id, 'passing');
      let over = false;
      const asked = new Set<string>();
      const asking = (async () => {
        while (!over) asked.add((await addresses('named')).join());
      })();
      for (let n = 0; n < 30; n++) await registry.register(entry(1));
      over = true;
      await asking;
      expect([...asked]).toEqual(['127.0.0.11']);
    });
  });

  describe('an agent that is lost with its host', () => {
    const title = 'takes its entries out of the names; another agent takes them over with the next report';
    if (!consul.disturbable) return absent(title, 'this run can not disturb the server');
    test(title, async () => {
      const agent = await startHostAgent(consul);
      const token = tokens[0]!.secret;
      const moved = { id: 'moved-1', service: 'moved', release: 3, host: 'h1', ttlSeconds: 600 };
      const stays = { ...moved, id: 'moved-2', address: { host: '127.0.0.22', port: 4002 } };
      const there = await openRegistry(agent.address(token), silent);
      try {
        await there.register({ ...moved, address: { host: '127.0.0.21', port: 4001 } });
        await there.register(stays);
        for (const { id } of [moved, stays]) await there.report(id, 'passing', '200');
        // The server's agent tells what another one has.
        expect((await registry.instances('moved')).map(({ id, health }) => [id, health])).toEqual([
          ['moved-1', 'passing'],
          ['moved-2', 'passing'],
        ]);
        expect(await addresses('moved')).toEqual(['127.0.0.21', '127.0.0.22']);
      } finally {
        await there.close();
        await agent.kill();
      }
      const lost = async (): Promise<boolean> => (await addresses('moved')).length === 0;
      await until(lost, { what: 'its end is noticed', withinMs: 60_000 });
      expect((await registry.instances('moved')).map(({ health }) => health)).toEqual(['expired', 'expired']);

      await registry.report(stays.id, 'passing', '200');
      expect(await registry.instances('moved')).toMatchObject([{ health: 'expired' }, { ...stays, health: 'passing' }]);
      expect(await addresses('moved')).toEqual(['127.0.0.22']);
      for (const { id } of [moved, stays]) await registry.deregister(id);
      expect(await operator.call('stage', 'GET', 'catalog/service/moved')).toEqual([]);
      await operator.call('stage', 'PUT', 'catalog/deregister', { Node: agent.node });
    });
  });

  describe('a deployment', () => {
    let world: World;
    let controller: Controller;
    let ada: Operator;
    let onBoundary: (boundary: Boundary) => Promise<void> = async () => undefined;

    beforeAll(async () => {
      world = await createWorld();
      const [stage, prod] = tokens.map(({ secret }) => secret) as [string, string];
      const registries = { stage: operator.address('stage', stage), prod: operator.address('prod', prod) };
      const boundary = (reached: Boundary): Promise<void> => onBoundary(reached);
      controller = await openController({ ...world.address, registries }, 'one', { boundary });
      ada = openOperator(world, () => controller);
      await controller.fleet.start();
      await ada.build('first');
      expect(await ada.operate()).toMatchObject({ state: 'done' });
    });
    afterAll(async () => {
      for (const { id } of (await controller?.registries.stage.instances('web')) ?? [])
        await controller.registries.stage.deregister(id);
      await controller?.close();
      await world?.close();
    });

    const portsOf = async (release: number): Promise<number[]> =>
      (await controller.hosts.instances({ service: 'web', environment: 'stage' }))
        .filter(({ state, labels }) => state === 'running' && labels.release === release)
        .flatMap(({ address }) => (address ? [address.port] : []))
        .sort();

    test('leads names from the old release to the new one, and never nowhere', async () => {
      const old = (await ada.cell()).serving!.number;
      const before = await portsOf(old);
      expect(await ports('web')).toEqual(before);
      const release = await ada.build('second');
      const met: Record<string, number[]> = {};
      onBoundary = async ({ step, moment }) => {
        met[`${step} ${moment}`] = await ports('web');
      };
      let over = false;
      let empty = 0;
      const asking = (async () => {
        while (!over) if ((await ports('web', 1)).length === 0) empty++;
      })();
      expect(await ada.operate()).toMatchObject({ state: 'done', to: release });
      over = true;
      await asking;
      const after = await portsOf(release);
      expect(met['healthy acted']).toEqual(before);
      expect(met['shift amid']).toEqual([...before, ...after].sort());
      expect(met['shift acted']).toEqual(after);
      expect(met['drain started']).toEqual(after);
      expect(await ports('web')).toEqual(after);
      expect(empty).toBe(0);
      await ada.agreed(release);
    });

    test('of a release that never becomes healthy does not show in names', async () => {
      const serving = (await ada.cell()).serving!.number;
      const before = await portsOf(serving);
      await ada.build('sick', 'sick');
      const met = new Set<string>();
      onBoundary = async () => void met.add((await ports('web')).join());
      expect(await ada.operate()).toMatchObject({ state: 'undone' });
      expect([...met]).toEqual([before.join()]);
      await ada.agreed(serving);
    });
  });
});
