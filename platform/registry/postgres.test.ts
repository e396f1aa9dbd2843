import { type Environments, startEnvironments } from '../../test/environments';
import { until } from '../../test/until';
import { openPool } from '../database/postgres';
import { silent } from '../log';
import { registryContract } from './contract';
import { openRegistry } from './open';
import type { Registry } from './registry';

let environments: Environments;

beforeAll(async () => {
  environments = await startEnvironments();
});
afterAll(() => environments.stop());

jest.setTimeout(90_000); // the server is killed, frozen and cut off many times

registryContract('PostgreSQL', {
  url: () => environments.url,
  unreachable: () => environments.unreachable,
  wrongPassword: () => environments.wrongPassword,
  stranger: () => environments.stranger,
  async version() {
    const pool = openPool(environments.url);
    const { rows } = await pool.query<{ server_version: string }>('SHOW server_version');
    await pool.end();
    return rows[0]?.server_version ?? '';
  },
  shortestTtl: 1,
  faults: {
    restart: () => environments.restart(),
    crash: () => environments.crash(),
    pause: async () => environments.pause(),
    resume: async () => environments.resume(),
  },
});

const afterTest: Registry[] = [];
afterEach(() => Promise.all(afterTest.splice(0).map((registry) => registry.close())));

test('connections that an administrator ends lose leases, and nobody takes them before their holders can know', async () => {
  const registry = await openRegistry(environments.url, silent);
  const other = await openRegistry(environments.url, silent);
  afterTest.push(registry, other);
  const lease = await registry.lease('cut', 'one', 30);
  await environments.cutConnections();
  const cut = performance.now();
  const ask = async () => {
    const taken = await other.lease('cut', 'two', 30);
    return taken && { ...taken, holderKnows: lease?.lost.aborted };
  };
  const again = await until(ask, { what: 'the lease can be taken anew' });
  expect(again).toMatchObject({ holder: 'two', holderKnows: true });
  expect(again.fence).toBeGreaterThan(lease!.fence);
  expect(performance.now() - cut).toBeGreaterThan(250);
});
