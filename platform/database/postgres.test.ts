import { openRelay, type Relay } from '../../test/engines/relay';
import { type Environments, startEnvironments } from '../../test/environments';
import { databaseContract } from './contract';

let environments: Environments;
let relay: Relay;

beforeAll(async () => {
  environments = await startEnvironments();
  relay = await openRelay({ host: '127.0.0.1', port: Number(new URL(environments.url).port) });
});
afterAll(async () => {
  await relay.close();
  await environments.stop();
});

databaseContract('embedded PostgreSQL', {
  version: () => environments.version(),
  url: () => Object.assign(new URL(environments.url), { port: String(relay.port) }).toString(),
  unreachable: () => environments.unreachable,
  wrongPassword: () => environments.wrongPassword,
  stranger: () => environments.stranger,
  faults: {
    crash: () => environments.crash(),
    pause: () => environments.pause(),
    resume: () => environments.resume(),
    cut: () => relay.cut(),
    mend: () => relay.mend(),
  },
});
