import { openRelay, type Relay } from '../../test/engines/relay';
import { type Environments, startEnvironments } from '../../test/environments';
import { graphContract } from './contract';
import { openGraph } from './open';
import { openPostgresGraph } from './postgres';

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

graphContract('PostgreSQL', {
  version: () => environments.version(),
  open: (options) =>
    openPostgresGraph(Object.assign(new URL(environments.url), { port: relay.port }).toString(), options),
  openUnreachable: () => openGraph(environments.unreachable),
  openWithWrongPassword: () => openGraph(environments.wrongPassword),
  openAsStranger: () => openGraph(environments.stranger),
  faults: {
    crash: () => environments.crash(),
    pause: () => environments.pause(),
    resume: () => environments.resume(),
    cut: () => relay.cut(),
    mend: () => relay.mend(),
  },
});

test('an address of an unknown kind is refused when the graph is opened', async () => {
  await expect(openGraph('mysql://127.0.0.1/x')).rejects.toMatchObject({ code: 'config.invalid' });
});
