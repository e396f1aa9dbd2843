import { join } from 'node:path';
import { onEngines } from '../../test/engines/engine';
import { openRelay, type Relay } from '../../test/engines/relay';
import { hostsContract } from './contract';
import { isolationContract } from './contract-isolation';
import { dockerFixture, hostsFolder } from './fixture-docker';

/**
 * The engine is somebody else's, too: it is not disturbed, but what leads to it.
 * @seconds 35
 */
onEngines(['docker'], ({ docker: engine }) => {
  const { folder, remove } = hostsFolder();
  const socket = join(folder, 'engine.sock');
  const url = `unix://${socket}`;
  let relay: Relay;
  beforeAll(async () => {
    relay = await openRelay({ path: new URL(engine.setting('EDWIN_TEST_DOCKER_HOST')).pathname }, { path: socket });
  });
  afterAll(async () => {
    await relay.close();
    remove();
  });

  const prepare = async () => {
    const fixture = await dockerFixture(url, folder);
    const meaningless = { ...fixture.meaningless, 'wrong credentials': 'a socket asks for none' };
    return { ...fixture, meaningless };
  };
  hostsContract('Docker over a socket', prepare, {
    faults: {
      cut: () => relay.cut(),
      mend: () => relay.mend(),
      pause: async () => relay.pause(),
      resume: async () => relay.resume(),
      other: undefined,
      openRefused: undefined,
    },
    more: (bench) => isolationContract(bench, url),
  });
});
