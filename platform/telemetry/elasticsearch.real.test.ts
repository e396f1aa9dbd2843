import { randomBytes } from 'node:crypto';
import {
  givenElasticsearch,
  occupied,
  securedElasticsearch,
  type TestElasticsearch,
} from '../../test/engines/elasticsearch';
import { onEngines } from '../../test/engines/engine';
import { openRelay, type Relay } from '../../test/engines/relay';
import { silent } from '../log';
import { telemetryContract } from './contract';
import { openTelemetry } from './open';

// It starts in 15 s, and on a machine with much else to do in 100.
jest.setTimeout(300_000);

/** @seconds 60 */
onEngines(['elasticsearch'], (engines) => {
  const stranger = { username: `edwin-${randomBytes(4).toString('hex')}`, password: 'of-another-environment' };
  let server: TestElasticsearch;
  let secured: TestElasticsearch;
  let relay: Relay;

  beforeAll(async () => {
    server = givenElasticsearch(engines.elasticsearch);
    secured = await securedElasticsearch(server);
    relay = await openRelay({ host: '127.0.0.1', port: server.port });
    await addStranger();
  });
  afterAll(async () => {
    await relay.close();
    await server.close();
    if (secured !== server) await secured.close();
  });

  /** A user who may do with one environment's streams all that telemetry needs, and nothing with another's. */
  async function addStranger(): Promise<void> {
    await secured.client.security.putRole({
      name: stranger.username,
      cluster: ['monitor', 'manage_index_templates'],
      indices: [
        {
          names: ['traces-edwin.otel-elsewhere', 'logs-edwin.otel-elsewhere'],
          privileges: ['read', 'create_doc', 'auto_configure'],
        },
      ],
    });
    await secured.client.security.putUser({
      username: stranger.username,
      password: stranger.password,
      roles: [stranger.username],
    });
  }

  telemetryContract('Elasticsearch', {
    async version() {
      return (await server.client.info()).version.number;
    },
    open: (options) => openTelemetry(server.url({ port: relay.port }), { log: silent, ...options }),
    openUnreachable: () => openTelemetry(server.url({ port: 1 }), { log: silent }),
    openWithWrongPassword: () => openTelemetry(secured.url({ password: 'wrong' }), { log: silent }),
    openAsStranger: () => openTelemetry(secured.url(stranger), { log: silent }),
    async rush() {
      await occupied(server);
      return { writes: 12, characters: 2_500_000, pushesBack: true };
    },
    faults: {
      async crash() {
        await server.control('crash');
        await server.control('up');
      },
      pause: () => server.control('pause'),
      resume: () => server.control('resume'),
      cut: () => relay.cut(),
      mend: () => relay.mend(),
    },
  });
});
