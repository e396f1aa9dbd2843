import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { consulOperator } from '../../test/engines/consul';
import { onEngines } from '../../test/engines/engine';
import { openFront } from '../../test/engines/front';
import { until } from '../../test/until';
import { silent } from '../log';
import { registryContract } from './contract';
import { openRegistry } from './open';
import type { Registration, Registry } from './registry';

/** @seconds 80 */
onEngines(['consul'], ({ consul }) => {
  const operator = consulOperator(consul);
  let token: { secret: string; revoke(): Promise<void> };
  let prodToken: { secret: string; revoke(): Promise<void> };
  let prod: Registry;
  const open: Registry[] = [];
  const url = (): string => operator.address('stage', token.secret);
  const openStage = async (address = url()): Promise<Registry> => {
    const registry = await openRegistry(address, silent);
    open.push(registry);
    return registry;
  };
  const entry = (id: string, more: Partial<Registration> = {}): Registration => ({
    id,
    service: 'real',
    release: 1,
    host: 'h1',
    address: { host: '127.0.0.1', port: 4001 },
    ttlSeconds: 60,
    ...more,
  });

  beforeAll(async () => {
    token = await operator.token('stage');
    prodToken = await operator.token('prod');
    prod = await openRegistry(operator.address('prod', prodToken.secret), silent);
    await prod.register(entry('abandoned', { service: 'abandoned', ttlSeconds: 1 }));
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((registry) => registry.close()));
  });
  afterAll(async () => {
    await prod.close();
    await Promise.all([token.revoke(), prodToken.revoke()]);
  });

  registryContract('Consul', {
    url,
    unreachable: () => url().replace(/:\d+\//, ':1/'),
    wrongPassword: () => operator.address('stage', '5d3a4f9c-0000-4000-8000-000000000000'),
    stranger: () => operator.address('prod', token.secret),
    async version() {
      const { Config } = await operator.call<{ Config: { Version: string } }>('stage', 'GET', 'agent/self');
      return Config.Version;
    },
    shortestTtl: 1,
    ...(consul.disturbable && { faults: operator.faults('stage') }),
  });

  describe('the rights of a token', () => {
    test('an address that names another datacenter than the server’s is refused', async () => {
      const address = url().replace(/stage$/, 'prod');
      await expect(openRegistry(address, silent)).rejects.toMatchObject({
        code: 'registry.refused',
        message: expect.stringMatching(/is the datacenter stage, not prod\.$/),
      });
    });

    test('end at Edwin’s own keys: everything else of the datacenter stays out of reach', async () => {
      for (const [method, path] of [
        ['PUT', 'kv/other/key'],
        ['PUT', 'kv/edwin'],
        ['PUT', 'event/fire/anything'],
        ['PUT', 'agent/leave'],
        ['PUT', 'catalog/register'],
      ]) {
        const { origin } = new URL(consul.setting('EDWIN_TEST_CONSUL_STAGE_URL'));
        const body = JSON.stringify({ Node: 'intruder', Address: '127.0.0.1' });
        const headers = { 'x-consul-token': token.secret };
        const response = await fetch(`${origin}/v1/${path}`, { method: method as string, body, headers });
        expect([path, response.status]).toEqual([path, 403]);
      }
    });

    test('are asked with each call, so that one taken away is refused', async () => {
      const brief = await operator.token('stage');
      const registry = await openStage(operator.address('stage', brief.secret));
      await registry.register(entry('real-1'));
      await brief.revoke();
      await expect(registry.instances()).rejects.toMatchObject({ code: 'registry.refused' });
      await expect(registry.lease('real', 'one', 5)).rejects.toMatchObject({ code: 'registry.refused' });
      await (await openStage()).deregister('real-1');
    });

    test('may be given to a new token: what the old one registered goes on being true with the next report', async () => {
      const old = await operator.token('stage');
      const before = await openRegistry(operator.address('stage', old.secret), silent);
      await before.register(entry('real-1'));
      await before.report('real-1', 'critical', '503');
      await before.close();
      await old.revoke();
      const registry = await openStage();
      await registry.report('real-1', 'passing', '200');
      // What its servers know, not only the agent that was told.
      const known = await operator.call<{ Status: string }[]>('stage', 'GET', 'health/checks/real');
      expect(known.map(({ Status }) => Status)).toEqual(['passing']);
      await registry.deregister('real-1');
      expect(await operator.call('stage', 'GET', 'health/checks/real')).toEqual([]);
    });
  });

  test('over TLS only a certificate that can be verified is trusted', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'edwin-test-'));
    const make = '-x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1';
    execFileSync('openssl', ['req', ...make.split(' '), '-keyout', 'key.pem', '-out', 'cert.pem'], {
      cwd: folder,
      stdio: 'ignore',
    });
    const [key, cert] = [readFileSync(join(folder, 'key.pem')), readFileSync(join(folder, 'cert.pem'))];
    const front = await openFront(Number(new URL(url()).port), { tls: { key, cert } });
    const secure = `consul+https://:${token.secret}@127.0.0.1:${front.port}/stage`;
    try {
      expect(await (await openStage(`${secure}?ca=${folder}/cert.pem`)).instances('real')).toEqual([]);
      await expect(openStage(secure)).rejects.toMatchObject({ code: 'registry.unreachable' });
      await expect(openStage(`${secure}?ca=${folder}/absent.pem`)).rejects.toMatchObject({ code: 'config.invalid' });
    } finally {
      await Promise.all(open.splice(0).map((registry) => registry.close()));
      await front.close();
      rmSync(folder, { recursive: true });
    }
  });

  test('a server that is not Consul is named as that', async () => {
    const other = await openFront(1, { answer: () => ({ status: 200, body: { hello: 'world' } }) });
    await expect(openStage(`consul+http://:x@127.0.0.1:${other.port}/stage`)).rejects.toMatchObject({
      code: 'registry.refused',
      message: `What answers at 127.0.0.1:${other.port}/stage is not Consul.`,
    });
    await other.close();
  });

  test.each([
    'consul+http://:x@h:8500',
    'consul+http://:x@h:8500/a/b',
    'consul+http://name:x@h/stage',
    'consul+http:x',
  ])('the address %s is not one, which is said without its token', async (address) => {
    await expect(openStage(address.replace(':x@', ':secret@'))).rejects.toMatchObject({
      code: 'config.invalid',
      message: expect.not.stringContaining('secret'),
    });
  });

  test('somebody else’s services and checks are not seen, whatever they look like', async () => {
    const foreign = { ID: 'foreign', Name: 'real', Tags: ['edwin'], Check: { TTL: '60s', Notes: '{"id":"foreign"}' } };
    await operator.call('stage', 'PUT', 'agent/service/register', foreign);
    try {
      expect(await (await openStage()).instances('real')).toEqual([]);
    } finally {
      await operator.call('stage', 'PUT', 'agent/service/deregister/foreign');
    }
  });

  test('one address may have 200 connections: above that calls wait until there is room', async () => {
    const registry = await openStage();
    const { hostname, port } = new URL(consul.setting('EDWIN_TEST_CONSUL_STAGE_URL'));
    const idle: Socket[] = [];
    const refused = (): Promise<boolean> =>
      fetch(`http://${hostname}:${port}/v1/status/leader`, { headers: { connection: 'close' } }).then(
        ({ status }) => status === 429,
        () => true,
      );
    try {
      while (!(await refused()))
        for (let n = 0; n < 20; n++) idle.push(connect(Number(port), hostname).on('error', () => undefined));
      const found = Promise.all(Array.from({ length: 20 }, () => registry.instances('real')));
      let answered = false;
      void found.then(() => (answered = true));
      await until(() => refused(), { what: 'it is still full' });
      expect(answered).toBe(false);
      for (const socket of idle) socket.destroy();
      expect(await found).toEqual(Array.from({ length: 20 }, () => []));
    } finally {
      for (const socket of idle) socket.destroy();
    }
  });

  // Registered before all other tests, since Consul takes a minute at least.
  test('what nobody vouches for is removed by Consul itself', async () => {
    const gone = async (): Promise<boolean> => (await prod.instances('abandoned')).length === 0;
    await until(gone, { what: 'it is removed', withinMs: 110_000 });
  });
});
