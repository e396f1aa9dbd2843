import { onEngines } from '../../test/engines/engine';
import { silent } from '../log';
import { hostsContract } from './contract';
import { isolationContract } from './contract-isolation';
import { dockerFixture, entriesOf, foreignCredentials, hostsFolder, writeHosts } from './fixture-docker';
import { openHosts } from './open';

/** @seconds 50 */
onEngines(['hosts'], ({ hosts: engine }) => {
  const { folder, remove } = hostsFolder();
  const tls = engine.setting('EDWIN_TEST_HOSTS_TLS');
  const entries = entriesOf(engine.setting('EDWIN_TEST_HOSTS'), tls);
  const [first, second] = entries;
  const url = writeHosts(folder, entries);
  const disturb = (verb: string) => async () => void (await engine.control(verb, first!.name.replace('h', '')));
  afterAll(remove);

  hostsContract('Docker over TLS', () => dockerFixture(url, folder), {
    faults: {
      cut: disturb('cut'),
      mend: disturb('mend'),
      pause: disturb('pause'),
      resume: disturb('resume'),
      other: second!.name,
      openRefused: () => {
        const wrong = { ...first, tls: foreignCredentials(tls, folder) };
        return openHosts(writeHosts(folder, [wrong], 'refused.yaml'), { data: folder, log: silent });
      },
    },
    more: (bench) => isolationContract(bench, url),
  });
});
