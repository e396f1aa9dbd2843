import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Operator, openOperator } from '../../test/faults/operator';
import { type Controller, createWorld, openFleetOn, openParts, type World } from '../../test/faults/world';
import { until } from '../../test/until';
import { EdwinError } from '../errors';
import type { Hosts } from '../hosts/hosts';
import { openHosts } from '../hosts/open';
import { silent } from '../log';
import type { Boundary } from './parts';

let world: World;
let one: Controller;
let ada: Operator;
let away = false;
/** Where set, lists of what runs come only when it resolves, as from a host of which it is not yet known that it is lost. */
let verdict: Promise<void> | undefined;
/** Where set, the edge takes until it resolves to let go of a server with its requests. */
let grip: Promise<void> | undefined;
/** The first host is lost when the next image is to be brought there. */
let trap = false;
let onBoundary: (boundary: Boundary) => Promise<void> = async () => undefined;

/** Two hosts of this machine, of which the first can be cut off: it is then as the port promises of such a host. */
function cuttable(inner: Hosts): Hosts {
  const isAway = (host: string) => away && host === 'local-1';
  return {
    hosts: async () => (await inner.hosts()).map((host) => (isAway(host.name) ? { ...host, state: 'unknown' } : host)),
    instances: async (selector) => {
      await verdict;
      return (await inner.instances(selector)).map((instance) =>
        isAway(instance.host) && instance.state === 'running' ? { ...instance, state: 'unknown' } : instance,
      );
    },
    start: async (spec) => {
      if (isAway(spec.host)) throw new EdwinError('hosts.unreachable', `${spec.host} can not be reached.`);
      return inner.start(spec);
    },
    stop: (id, options) => inner.stop(id, options),
    // As if what is to be removed was always there.
    remove: async (id) => {
      if (away) throw new EdwinError('hosts.unreachable', 'local-1 can not be reached.');
      await inner.remove(id);
    },
    logs: (id, options) => inner.logs(id, options),
    watch: (onEvent) => inner.watch(onEvent),
    close: () => inner.close(),
  };
}

/** Everything on the first host stands still, or goes on. */
async function freeze(signal: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
  for (const { id, host, state } of await one.hosts.instances()) {
    if (host !== 'local-1' || state === 'exited') continue;
    const file = join(world.address.data, 'instances', id, 'started.json');
    const { process: found } = JSON.parse(readFileSync(file, 'utf8')) as { process: { pid: number } };
    process.kill(-found.pid, signal);
  }
  away = signal === 'SIGSTOP';
}

/** A new release, an instance on each host. */
async function spread(what: string): Promise<number> {
  onBoundary = async () => undefined;
  const release = await ada.build(what);
  expect(await ada.operate()).toMatchObject({ state: 'done', to: release });
  expect(await healthyOn()).toEqual(['local-1', 'local-2']);
  return release;
}

async function healthyOn(): Promise<string[]> {
  const { instances } = await ada.cell();
  return instances.flatMap(({ host, state }) => (state === 'healthy' ? [host] : [])).sort();
}

function untilAllOn(host: string): Promise<unknown> {
  return until(async () => (await healthyOn()).join() === `${host},${host}`, {
    what: `as many on ${host} as are wanted`,
    withinMs: 20_000,
  });
}

beforeAll(async () => {
  world = await createWorld();
  const parts = await openParts(world.address);
  await parts.hosts.close();
  const hosts = cuttable(await openHosts('local:2', { data: world.address.data, log: silent }));
  const ensure = async (image: string, host: string): Promise<void> => {
    if (trap && host === 'local-1') await freeze('SIGSTOP');
    trap = false;
    if (away && host === 'local-1') throw new EdwinError('hosts.unreachable', `${host} can not be reached.`);
    return parts.images.ensure(image, host);
  };
  const images: typeof parts.images = Object.assign(Object.create(parts.images), { ensure });
  const remove: typeof parts.edge.remove = async (pool, id, options) => {
    if (options?.force) await grip;
    return parts.edge.remove(pool, id, options);
  };
  const edge: typeof parts.edge = Object.assign(Object.create(parts.edge), { remove });
  const fleet = await openFleetOn({ ...parts, hosts, images, edge }, world.address, 'one', {
    boundary: (boundary) => onBoundary(boundary),
  });
  const close = async () => {
    await fleet.close();
    await hosts.close();
    await parts.close();
  };
  one = { ...parts, hosts, fleet, close };
  ada = openOperator(world, () => one);
  await fleet.start();
});
afterAll(async () => {
  if (away) await freeze('SIGCONT');
  await one?.close();
  await world?.close();
});

test('a deployment goes on when a host is lost under it: what starts there is started elsewhere, and set right when it is back', async () => {
  await ada.build('before');
  expect(await ada.operate()).toMatchObject({ state: 'done' });
  expect(new Set((await ada.cell()).instances.map(({ host }) => host))).toEqual(new Set(['local-1', 'local-2']));
  const release = await ada.build('while a host is lost');
  onBoundary = async ({ step, moment }) => {
    if (step === 'start' && moment === 'acted') await freeze('SIGSTOP');
  };
  expect(await ada.operate()).toMatchObject({ state: 'done', to: release });
  const { instances } = await ada.cell();
  const healthy = instances.filter(({ state }) => state === 'healthy');
  expect(healthy.map(({ host, release: of }) => [host, of])).toEqual([
    ['local-2', release],
    ['local-2', release],
  ]);
  expect(instances.filter(({ host }) => host === 'local-1').map(({ state }) => state)).toEqual(['unknown', 'unknown']);
  await freeze('SIGCONT');
  await ada.agreed(release);
});

test('what a lost host owes an answer is answered by the others', async () => {
  const serving = await spread('before an answer is owed');
  await freeze('SIGSTOP');
  const url = one.edge.url({ service: 'web', environment: 'stage' });
  const answers = await Promise.all([1, 2, 3, 4].map(() => fetch(url)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  // Sooner than one is given up that is only sick: whoever is left may be the next to fail.
  await untilAllOn('local-2');
  await freeze('SIGCONT');
  await ada.agreed(serving);
});

test('an edge that takes its time over a lost server keeps nothing else waiting', async () => {
  const serving = await spread('before the edge is slow');
  let release = (): void => undefined;
  grip = new Promise((resolve) => {
    release = resolve;
  });
  try {
    await freeze('SIGSTOP');
    await untilAllOn('local-2');
  } finally {
    grip = undefined;
    release();
    await freeze('SIGCONT');
  }
  await ada.agreed(serving);
});

test('while it is not known whether a host is lost, the instances of the others are vouched for', async () => {
  const reports = async () =>
    (await one.registries.stage.instances('web')).map(({ reportedAt }) => reportedAt.getTime());
  let decide = (): void => undefined;
  verdict = new Promise((resolve) => {
    decide = resolve;
  });
  try {
    // Those of a look that had its list already may come, too; after them there is none that has one.
    for (const which of ['first', 'second']) {
      const newest = Math.max(...(await reports()));
      const all = async () => (await reports()).every((at) => at > newest);
      await until(all, { what: `the ${which} report of all instances while the list is awaited`, withinMs: 12_000 });
    }
  } finally {
    verdict = undefined;
    decide();
  }
});

test('a deployment chooses other hosts when one is lost before its image is there', async () => {
  // So that there is something to be removed, too.
  await ada.build('before that');
  expect(await ada.operate()).toMatchObject({ state: 'done' });
  const release = await ada.build('while an image is brought');
  trap = true;
  expect(await ada.operate()).toMatchObject({ state: 'done', to: release });
  const healthy = (await ada.cell()).instances.filter(({ state }) => state === 'healthy');
  expect(healthy.map(({ host }) => host)).toEqual(['local-2', 'local-2']);
  await freeze('SIGCONT');
  await ada.agreed(release);
});
