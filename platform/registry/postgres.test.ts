import { type Environments, startEnvironments } from '../../test/environments';
import { until } from '../../test/until';
import { openPool } from '../database/postgres';
import { silent } from '../log';
import { registryContract } from './contract';
import { openRegistry } from './open';

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

test('connections that an administrator ends lose leases at once, and come back', async () => {
  const registry = await openRegistry(environments.url, silent);
  const lease = await registry.lease('cut', 'one', 30);
  await environments.cutConnections();
  await until(() => lease?.lost.aborted, { what: 'the holder knows' });
  const again = await until(() => registry.lease('cut', 'one', 30), { what: 'the lease can be taken anew' });
  expect(again.fence).toBeGreaterThan(lease!.fence);
  await registry.close();
});
