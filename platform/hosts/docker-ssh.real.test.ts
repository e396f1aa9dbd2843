import { absent } from '../../test/engines/absent';
import { onEngines } from '../../test/engines/engine';
import { openRelay, type Relay } from '../../test/engines/relay';
import { until } from '../../test/until';
import { silent } from '../log';
import { hostsContract } from './contract';
import { dockerFixture, hostsFolder, writeHosts } from './fixture-docker';
import { type Sshd, startSshd, whyNoSshd } from './fixture-sshd';
import { openHosts } from './open';

/** A real SSH server on loopback leads to the engine's socket; what is disturbed is the way to that server. */
const suite = ({ docker: engine }: { docker: { setting(name: string): string } }): void => {
  const { folder, remove } = hostsFolder();
  const socket = new URL(engine.setting('EDWIN_TEST_DOCKER_HOST')).pathname;
  let sshd: Sshd;
  let relay: Relay;
  const entry = (key: string, known = sshd.knownHosts(relay.port)) => ({
    name: 'far',
    engine: `ssh://root@127.0.0.1:${relay.port}${socket}?key=${key}&knownHosts=${known}`,
  });
  const open = (host: object, name: string) =>
    openHosts(writeHosts(folder, [host], name), { data: folder, log: silent });
  beforeAll(async () => {
    sshd = await startSshd(folder);
    relay = await openRelay({ host: '127.0.0.1', port: sshd.port });
  });
  afterAll(async () => {
    await relay.close();
    sshd.stop();
    remove();
  });

  hostsContract(
    'Docker over SSH',
    async () => {
      const fixture = await dockerFixture(writeHosts(folder, [entry(sshd.key)]), folder);
      const meaningless = {
        ...fixture.meaningless,
        'another environment': 'what keeps instances apart is the engine’s, whichever way leads to it',
      };
      return { ...fixture, meaningless };
    },
    {
      faults: {
        cut: () => relay.cut(),
        mend: () => relay.mend(),
        pause: async () => relay.pause(),
        resume: async () => relay.resume(),
        other: undefined,
        openRefused: () => open(entry(sshd.strangerKey), 'stranger.yaml'),
      },
    },
  );

  test('a server that is not the one known under its name is refused', async () => {
    const known = sshd.knownHosts(relay.port + 1);
    const hosts = await open(entry(sshd.key, known), 'unknown.yaml');
    const refusal = async () =>
      hosts.stop('nobody', { graceSeconds: 0 }).catch((error) => /Host key verification failed/.test(error.message));
    await until(refusal, { what: 'it is refused' });
    expect(await hosts.hosts()).toMatchObject([{ state: 'unknown' }]);
    await hosts.close();
  });
};

/** @seconds 50 */
if (whyNoSshd === undefined) onEngines(['docker'], suite);
else absent('needs an SSH server', whyNoSshd);
