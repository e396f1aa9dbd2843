import { onEngines } from '../../test/engines/engine';
import { until } from '../../test/until';
import { registryContract } from './contract';

onEngines(['consul'], ({ consul }) => {
  const address = (environment: string, tokenOf = environment): string => {
    const url = new URL(consul.setting(`EDWIN_TEST_CONSUL_${environment.toUpperCase()}_URL`));
    const token = consul.setting(`EDWIN_TEST_CONSUL_${tokenOf.toUpperCase()}_TOKEN`);
    return `consul+http://:${token}@${url.host}/${environment}`;
  };
  const changed = (change: Partial<URL>): string => Object.assign(new URL(address('stage')), change).toString();
  const up = async (): Promise<void> => void (await consul.control('up', 'stage'));

  registryContract('Consul', {
    url: () => address('stage'),
    unreachable: () => changed({ port: '1' }),
    wrongPassword: () => changed({ password: '5d3a4f9c-0000-4000-8000-000000000000' }),
    stranger: () => address('prod', 'stage'),
    async version() {
      const response = await fetch(`${consul.setting('EDWIN_TEST_CONSUL_STAGE_URL')}/v1/agent/self`, {
        headers: { 'x-consul-token': consul.setting('EDWIN_TEST_CONSUL_STAGE_TOKEN') },
      });
      const { Config } = (await response.json()) as { Config: { Version: string } };
      return Config.Version;
    },
    shortestTtl: 1,
    ...(consul.disturbable && {
      faults: {
        restart: async () => {
          await consul.control('down', 'stage');
          await up();
        },
        crash: async () => {
          await consul.control('crash', 'stage');
          await up();
        },
        pause: async () => void (await consul.control('pause', 'stage')),
        resume: async () => void (await consul.control('resume', 'stage')),
      },
    }),
  });
  void until;
});
