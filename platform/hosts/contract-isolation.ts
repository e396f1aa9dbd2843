import { until } from '../../test/until';
import { openEngines } from '../docker/engines';
import { silent } from '../log';
import type { HostsBench } from './contract-bench';
import { networkName } from './docker-network';
import type { Instance } from './hosts';

/** What Docker adds: instances of different environments are on networks of their own. */
export function isolationContract(bench: HostsBench, url: string): void {
  bench.promise('an instance reaches others of its environment on the host’s network, and none of another environment', async () => {
    const labels = { service: 'web', release: 7, operation: '12' };
    const target = await bench.startUp(bench.specOf('', { listens: true, labels: { ...labels, environment: 'prod' } }));
    const address = await innerAddress(target, url);
    const from = async (environment: string): Promise<string> => {
      const spec = bench.specOf('reach', { labels: { ...labels, environment }, env: { TARGET: address } });
      const { id } = await bench.hosts.start(spec);
      const said = async () => (await bench.texts(id, 10)).find((text) => text.includes('reached'));
      return until(said, { what: `${environment} has tried`, withinMs: 20_000 });
    };
    expect(await from('prod')).toBe('reached');
    expect(await from('stage')).toBe('not reached');
  }, ['another environment']);
}

async function innerAddress({ host, id, labels }: Instance, url: string): Promise<string> {
  const engines = openEngines(url, silent);
  try {
    const engine = engines.get(host);
    const { NetworkSettings } = await engine.calls.getContainer(id).inspect();
    return NetworkSettings.Networks[networkName(engine.host, labels.environment)]!.IPAddress;
  } finally {
    engines.close();
  }
}
