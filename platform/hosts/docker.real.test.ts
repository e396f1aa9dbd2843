import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onEngines } from '../../test/engines/engine';
import { loadHostsFile } from '../docker/hosts-file';
import { silent } from '../log';
import { hostsContract } from './contract';
import { putTestImage } from './fixture-docker';
import { openHosts } from './open';

onEngines(['hosts'], ({ hosts: engine }) => {
  const folder = mkdtempSync(join(tmpdir(), 'edwin-docker-'));
  const file = join(folder, 'hosts.yaml');
  writeFileSync(
    file,
    JSON.stringify({
      hosts: engine
        .setting('EDWIN_TEST_HOSTS')
        .split(',')
        .map((pair) => pair.split('='))
        .map(([name, url]) => ({ name, engine: url, tls: engine.setting('EDWIN_TEST_HOSTS_TLS') })),
    }),
  );
  afterAll(() => rmSync(folder, { recursive: true }));
  hostsContract('Docker over TLS', async () => {
    const entries = loadHostsFile(file);
    const digest = await putTestImage(entries);
    return {
      open: () => openHosts(`docker:${file}`, { data: folder, log: silent }),
      image: digest,
      command: ['node', 'program.js'],
      host: entries[0]!.name,
      tester: '10.77.0.1',
      close: async () => undefined,
    };
  });
});
