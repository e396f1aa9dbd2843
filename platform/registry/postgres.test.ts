import { type Environments, startEnvironments } from '../../test/environments';
import { silent } from '../log';
import { registryContract } from './contract';
import { openPostgresRegistry } from './postgres';

let environments: Environments;

beforeAll(async () => {
  environments = await startEnvironments();
});
afterAll(() => environments.stop());

registryContract('PostgreSQL', {
  url: () => environments.url,
  open: () => openPostgresRegistry(environments.url, silent),
  openUnreachable: () => openPostgresRegistry(environments.unreachable, silent),
  openWithWrongPassword: () => openPostgresRegistry(environments.wrongPassword, silent),
  openAsStranger: () => openPostgresRegistry(environments.stranger, silent),
  shortestTtl: 1,
  faults: { restart: () => environments.restart(), cutConnections: () => environments.cutConnections() },
});
