import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createReceiver } from '../observability/receiver';
import { parseTokens } from '../observability/tokens';
import { openPool } from '../platform/database/postgres';
import { openEdge } from '../platform/edge/open';
import { startEdge } from '../platform/edge/start';
import { openGraph } from '../platform/graph/open';
import { all } from '../platform/hosts/contract-bench';
import { dockerFixture, hostsFolder, writeHosts } from '../platform/hosts/fixture-docker';
import type { InstanceSpec } from '../platform/hosts/hosts';
import { openHosts } from '../platform/hosts/open';
import { parseRegistryAddress } from '../platform/images/registry-address';
import { RegistryClient } from '../platform/images/registry-client';
import { openLogin } from '../platform/images/registry-login';
import { silent } from '../platform/log';
import { openQueue } from '../platform/queue/open';
import { openRegistry } from '../platform/registry/open';
import { openTelemetry } from '../platform/telemetry/open';
import type { TelemetryDocument } from '../platform/telemetry/telemetry';
import { sampleLog } from './documents';
import { consulOperator } from './engines/consul';
import { givenElasticsearch, securedElasticsearch } from './engines/elasticsearch';
import { onEngines } from './engines/engine';
import { until } from './until';

/**
 * Whoever holds everything that stage holds tries to reach prod by every port. The server itself refuses, each time;
 * where a port knows no credentials of an environment, the test names the wall that stands there instead. Each refusal
 * is preceded by the same credentials at home, where they are good.
 */
const secrets = { token: 'token-of-stage', password: 'password-of-stage' };

onEngines(['postgres'], ({ postgres }) => {
  test('database: PostgreSQL lets stage into no other database', async () => {
    const own = postgres.setting('EDWIN_TEST_POSTGRES_STAGE_URL');
    const ask = async (url: string): Promise<unknown> => {
      const pool = openPool(url);
      try {
        return (await pool.query('SELECT current_user AS who')).rows[0];
      } finally {
        await pool.end();
      }
    };
    expect(await ask(own)).toEqual({ who: 'stage' });
    await expect(ask(changed(own, { pathname: '/prod' }))).rejects.toMatchObject({ code: '42501' });
  }, 60_000);
});

onEngines(['rabbitmq'], ({ rabbitmq }) => {
  test('queue: RabbitMQ lets stage into no other virtual host, and shows it no other', async () => {
    const own = rabbitmq.setting('EDWIN_TEST_RABBITMQ_STAGE_URL');
    await (await openQueue(own, silent)).close();
    await expect(openQueue(changed(own, { pathname: '/prod' }), silent)).rejects.toMatchObject({
      code: 'queue.refused',
    });
    const { username, password } = new URL(own);
    const management = new URL(rabbitmq.setting('EDWIN_TEST_RABBITMQ_MANAGEMENT_URL'));
    const headers = { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
    const look = await fetch(`${management.protocol}//${management.host}/api/queues/prod`, { headers });
    expect([401, 403]).toContain(look.status);
  }, 60_000);
});

onEngines(['consul'], ({ consul }) => {
  test('registry: a token of stage’s datacenter is unknown to prod’s', async () => {
    const operator = consulOperator(consul);
    const { secret, revoke } = await operator.token('stage');
    try {
      const own = await openRegistry(operator.address('stage', secret), silent);
      await own.instances();
      await own.close();
      const refused = { code: 'registry.refused' };
      await expect(openRegistry(operator.address('prod', secret), silent)).rejects.toMatchObject(refused);
      // Named prod at stage's own server: there is no way from one datacenter to the other.
      const through = operator.address('stage', secret).replace(/stage$/, 'prod');
      await expect(openRegistry(through, silent)).rejects.toMatchObject({ code: expect.stringMatching(/^registry\./) });
    } finally {
      await revoke();
    }
  }, 60_000);
});

onEngines(['neo4j'], ({ neo4j }) => {
  test('graph: the Neo4j of prod, a server of its own, does not know stage’s password', async () => {
    const user = neo4j.setting('EDWIN_TEST_NEO4J_USER');
    const prod = changed(neo4j.setting('EDWIN_TEST_NEO4J_URL'), {
      username: user,
      password: neo4j.setting('EDWIN_TEST_NEO4J_PASSWORD'),
    });
    await (await openGraph(prod)).close();
    const stranger = changed(prod, { password: secrets.password });
    await expect(openGraph(stranger)).rejects.toMatchObject({ code: 'graph.refused' });
  }, 60_000);
});

onEngines(['elasticsearch'], ({ elasticsearch }) => {
  test('telemetry: a user of stage’s streams reads and writes none of prod’s', async () => {
    const given = givenElasticsearch(elasticsearch);
    const server = await securedElasticsearch(given);
    try {
      const [home, abroad] = ['stage', 'prod'].map((name) => `${name}${randomBytes(3).toString('hex')}`) as [
        string,
        string,
      ];
      const log = (environment: string): TelemetryDocument[] => [
        sampleLog({ environment, at: new Date(), text: 'hello' }),
      ];
      const everything = await openTelemetry(server.url(), { log: silent });
      await everything.write(log(abroad));
      await everything.close();
      const who = { username: home, password: secrets.password };
      await server.client.security.putRole({
        name: home,
        cluster: ['monitor', 'manage_index_templates'],
        indices: [{ names: [`*-edwin.otel-${home}`], privileges: ['read', 'create_doc', 'auto_configure'] }],
      });
      await server.client.security.putUser({ ...who, roles: [home] });
      const own = await openTelemetry(server.url(who), { log: silent });
      try {
        await own.write(log(home));
        const refused = { code: 'telemetry.refused' };
        await expect(own.write(log(abroad))).rejects.toMatchObject(refused);
        await expect(own.logs({ environment: abroad, limit: 1 })).rejects.toMatchObject(refused);
        await expect(own.traces({ environment: abroad, limit: 1 })).rejects.toMatchObject(refused);
      } finally {
        await own.close();
        await server.client.security.deleteUser({ username: home });
        await server.client.security.deleteRole({ name: home });
      }
    } finally {
      await given.close();
      if (server !== given) await server.close();
    }
  }, 240_000);
});

onEngines(['registry'], ({ registry }) => {
  test('images: instances hold no login; without one, or with what stage holds, the registry gives nothing', async () => {
    const host = registry.setting('EDWIN_TEST_REGISTRY_NAME');
    const ask = (login: string): Promise<string[]> => {
      const address = parseRegistryAddress(`registry+http://${login}${host}/edwin`);
      return new RegistryClient(address, openLogin({ ...address, command: undefined, env: {} })).tags('');
    };
    const password = registry.setting('EDWIN_TEST_REGISTRY_PASSWORD');
    await ask(`${registry.setting('EDWIN_TEST_REGISTRY_USER')}:${password}@`);
    for (const login of ['', `stage:${secrets.password}@`])
      await expect(ask(login)).rejects.toMatchObject({ code: 'images.refused' });
  }, 60_000);
});

onEngines(['docker'], ({ docker }) => {
  const { folder, remove } = hostsFolder();
  const networks = `edwin-test-${randomBytes(3).toString('hex')}`;
  afterAll(remove);

  test('hosts: instances hold no way to an engine; the network of stage leads to no instance of prod', async () => {
    const engine = docker.setting('EDWIN_TEST_DOCKER_HOST');
    const url = writeHosts(folder, [{ name: 'here', engine, reach: 'network', networks }]);
    const fixture = await dockerFixture(url, folder);
    const hosts = await openHosts(url, { data: folder, log: silent });
    const started: string[] = [];
    const start = (environment: string, env: Record<string, string>, more: Partial<InstanceSpec> = {}) => {
      const id = `web-${randomUUID().slice(0, 8)}`;
      started.push(id);
      const labels = { environment, service: 'web', release: 1, operation: '1' };
      const { image, command } = fixture;
      return hosts.start({
        id,
        host: 'here',
        labels,
        image,
        command,
        listens: false,
        memoryMb: 64,
        cpus: 0.1,
        env,
        ...more,
      });
    };
    const reaches = async (environment: string, target: string): Promise<string | undefined> => {
      const { id } = await start(environment, { MODE: 'reach', TARGET: target });
      const said = async () =>
        (await all(hosts.logs(id, { tail: 10 }))).map(({ text }) => text).find((text) => /reached$/.test(text));
      return until(said, { what: `${environment} has tried`, withinMs: 30_000 });
    };
    try {
      const { address } = await start('prod', {}, { listens: true });
      // Reached inside the network, where it takes no port of the host.
      expect(address).toEqual({ host: expect.stringMatching(/^\d+(\.\d+){3}$/), port: 8080 });
      const at = `http://${address!.host}:${address!.port}/`;
      await until(async () => (await fetch(at, { signal: AbortSignal.timeout(2_000) })).ok, {
        what: 'prod answers',
        withinMs: 30_000,
      });
      expect((await hosts.instances({ environment: 'prod' })).find(({ id }) => id === started[0])).toMatchObject({
        address,
      });
      expect(await reaches('prod', address!.host)).toBe('reached');
      expect(await reaches('stage', address!.host)).toBe('not reached');
    } finally {
      for (const id of started) await hosts.stop(id, { graceSeconds: 0 }).then(() => hosts.remove(id));
      await hosts.close();
      await fixture.close();
      await removeNetworks(engine, [`${networks}-stage`, `${networks}-prod`]);
    }
  }, 240_000);
});

describe('what needs no server of others', () => {
  const { folder, remove } = hostsFolder();
  afterAll(remove);

  test('edge: traffic is public, its control is not: stage’s token changes no pool', async () => {
    const edge = await startEdge({
      host: '127.0.0.1',
      port: 0,
      adminPort: 0,
      token: 'token-of-the-edge',
      stateFile: join(folder, 'edge.json'),
      log: silent,
      observer: { request: () => undefined, retry: () => undefined },
    });
    try {
      const pool = { environment: 'prod', service: 'gateway' };
      const open = (token: string) =>
        openEdge(`http://127.0.0.1:${edge.adminPort}`, { token, trafficUrl: `http://127.0.0.1:${edge.port}` });
      const [own, stranger] = [await open('token-of-the-edge'), await open(secrets.token)];
      expect(await own.servers(pool)).toEqual([]);
      await expect(stranger.servers(pool)).rejects.toMatchObject({ code: 'edge.refused' });
      await expect(stranger.remove(pool, 'gateway-prod-1')).rejects.toMatchObject({ code: 'edge.refused' });
      await Promise.all([own.close(), stranger.close()]);
    } finally {
      await edge.close(0);
    }
  });

  test('telemetry receiver: stage’s token writes to stage, whatever it says of itself; an unknown one to nobody', async () => {
    const taken: TelemetryDocument[] = [];
    const server: Server = createServer(
      createReceiver({
        environmentOf: parseTokens(JSON.stringify({ [secrets.token]: 'stage', 'token-of-prod': 'prod' })),
        offer: (documents) => {
          taken.push(...documents);
          return true;
        },
        log: silent,
      }),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const attribute = (key: string) => ({ key, value: { stringValue: 'prod' } });
    const resource = { attributes: ['deployment.environment.name', 'data_stream.namespace'].map(attribute) };
    const logRecords = [{ timeUnixNano: '1795420800123000000', body: { stringValue: 'hello' } }];
    const send = (token: string) =>
      fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/logs`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] }),
      });
    try {
      expect((await send(secrets.token)).status).toBe(200);
      expect((await send(secrets.password)).status).toBe(401);
      expect(taken).toMatchObject([{ log: { data_stream: { namespace: 'stage' } } }]);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

function changed(url: string, change: Partial<URL>): string {
  return Object.assign(new URL(url), change).toString();
}

async function removeNetworks(engine: string, names: readonly string[]): Promise<void> {
  const { default: Docker } = await import('dockerode');
  const client = new Docker({ socketPath: new URL(engine).pathname });
  for (const name of names) await client.getNetwork(name).remove();
}
