import { type Environments, startEnvironments } from '../../test/environments';
import { silent } from '../log';
import { queueContract } from './contract';
import { openPostgresQueue } from './postgres';

let environments: Environments;

beforeAll(async () => {
  environments = await startEnvironments();
});
afterAll(() => environments.stop());

queueContract('PostgreSQL', {
  url: () => environments.url,
  open: (options) => openPostgresQueue(environments.url, silent, options),
  openUnreachable: () => openPostgresQueue(environments.unreachable, silent),
  openWithWrongPassword: () => openPostgresQueue(environments.wrongPassword, silent),
  openAsStranger: () => openPostgresQueue(environments.stranger, silent),
  faults: { restart: () => environments.restart(), cutConnections: () => environments.cutConnections() },
});
