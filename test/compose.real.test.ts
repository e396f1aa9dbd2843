import { type Composed, composedSystem } from './engines/composed';
import { onEngines } from './engines/engine';
import { ask } from './scenarios/student';
import { until } from './until';

/** Services of the reference product that a student's message passes, and who counts it. */
const services = ['gateway', 'mailer', 'bot', 'scheduler', 'analytics'];

/**
 * The whole of docker-compose.yml, as a person starts it; told in order.
 * @seconds 220
 */
onEngines(['docker'], ({ docker }) => {
  let system: Composed;
  let cookie = '';

  beforeAll(async () => {
    system = await composedSystem(docker.setting('EDWIN_TEST_DOCKER_HOST'));
    await system.compose('up', '-d', '--wait').catch(async (error: Error) => {
      throw new Error(`The composed system did not come up:\n${await system.unwell()}`, { cause: error });
    });
    const key = await system.inside<string>(
      "return JSON.parse(require('node:fs').readFileSync('/data/secrets/edwin.json', 'utf8')).PAGE_KEY.at(-1)",
    );
    const answer = await fetch(`${system.url}/?key=${key}`, { redirect: 'manual' });
    cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? '';
  }, 560_000);
  afterAll(() => system?.end(), 180_000);

  test('a first start fills dev with the product, and one command brings the bot to stage', async () => {
    const whole = async (): Promise<boolean> => {
      const cells = JSON.parse(await system.edwin('status', '--json')) as Cell[];
      const inDev = cells.filter(({ environment }) => environment === 'dev');
      return services.every((name) =>
        inDev.some(({ service, instances }) => service === name && instances.some(({ state }) => state === 'healthy')),
      );
    };
    await until(whole, { what: 'dev is whole', withinMs: 300_000 });
    const deployed = JSON.parse(await system.edwin('deploy', 'bot', 'stage', '--json'));
    expect(deployed).toMatchObject({ service: 'bot', environment: 'stage', state: 'done', to: 1 });
    expect(await system.instances()).toHaveLength(services.length + 2);
  }, 420_000);

  test('a student is answered by way of RabbitMQ, and Elasticsearch has the trace', async () => {
    const { sent, answer } = await ask(system.url, 'dev', 'ann', 'hello', cookie);
    expect(answer.text).toContain('I teach English');
    const queues = await system.inside<string[]>(`${basic}
      const queue = new URL(settings.DEV_QUEUE_URL.replace('amqp:', 'http:'));
      const answer = await fetch('http://rabbitmq:15672/api/queues/dev', { headers: basic(queue) });
      return (await answer.json()).filter(({ type }) => type === 'quorum').map(({ name }) => name);`);
    expect(queues).toEqual(expect.arrayContaining(['bot.messages', 'gateway.replies', 'analytics.events']));
    const seen = () =>
      system.inside<string[]>(`${basic}
        const store = new URL(settings.TELEMETRY_URL.replace('elasticsearch+', ''));
        const headers = { ...basic(store), 'content-type': 'application/json' };
        const body = JSON.stringify({ size: 200, query: { term: { trace_id: '${sent.trace}' } } });
        const found = await fetch(store.origin + '/traces-*-dev/_search', { method: 'POST', headers, body });
        const { hits } = await found.json();
        return [...new Set(hits.hits.map(({ _source }) => _source.resource.attributes['service.name']))].sort();`);
    await until(async () => /bot.*gateway.*mailer/.test((await seen()).join(' ')), {
      what: 'a trace through bot, gateway and mailer',
      withinMs: 30_000,
    });
  }, 120_000);

  test('Consul knows the instances of each environment, and its names lead to them', async () => {
    const found = await system.inside<Record<string, string[]>>(`
      const { Resolver, lookup } = require('node:dns/promises');
      const all = {};
      for (const name of ['dev', 'stage']) {
        const consul = new URL(settings[name.toUpperCase() + '_REGISTRY_URL'].replace('consul+', ''));
        const headers = { 'x-consul-token': consul.password };
        const entries = await (await fetch(consul.origin + '/v1/health/service/bot?passing=true', { headers })).json();
        all[name] = entries.map(({ Service }) => Service.Address).sort();
        const resolver = new Resolver({ timeout: 3000, tries: 3 });
        resolver.setServers([(await lookup(consul.hostname)).address + ':8600']);
        all[name + ' by name'] = (await resolver.resolve4('bot.service.' + name + '.consul')).sort();
      }
      return all;`);
    expect([found['dev']?.length, found['stage']?.length]).toEqual([1, 2]);
    expect([found['dev by name'], found['stage by name']]).toEqual([found['dev'], found['stage']]);
  }, 60_000);

  test('what is on the network of stage reaches the servers of stage, and no server of prod', async () => {
    const addressOf = async (service: string): Promise<string> => {
      const id = (await system.compose('ps', '-q', service)).trim();
      return (
        await system.docker('inspect', '-f', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', id)
      ).trim();
    };
    const targets = [
      'consul-stage:8500',
      'neo4j-stage:7687',
      'consul-prod:8500',
      'neo4j-prod:7687',
      'elasticsearch:9200',
      `${await addressOf('consul-prod')}:8500`,
      `${await addressOf('neo4j-prod')}:7687`,
      `${await addressOf('elasticsearch')}:9200`,
    ];
    const script = `for (const target of ${JSON.stringify(targets)}) {
      const [host, port] = target.split(':');
      const socket = require('node:net').connect({ host, port, timeout: 4000 });
      const tell = (what) => { console.log(target, what); socket.destroy(); };
      socket.once('connect', () => tell('reached')).once('timeout', () => tell('not reached')).on('error', () => tell('not reached'));
    }`;
    const network = `${system.project}-stage`;
    const said = await system.docker('run', '--rm', '--network', network, 'node:24-slim', 'node', '-e', script);
    expect(said.trim().split('\n').sort()).toEqual(
      targets.map((target, i) => `${target} ${i < 2 ? 'reached' : 'not reached'}`).sort(),
    );
  }, 60_000);

  test('no password is in what the engine, compose, or a list of processes shows of the system', async () => {
    const values = await system.inside<string[]>(`
      const { readdirSync, readFileSync } = require('node:fs');
      const files = readdirSync('/data/secrets').map((file) => JSON.parse(readFileSync('/data/secrets/' + file, 'utf8')));
      return files.flatMap((file) => Object.entries(file)).filter(([name]) => name !== 'PAGE_KEY').flatMap(([, all]) => all);`);
    const pageKeys = await system.inside<string[]>(
      "return JSON.parse(require('node:fs').readFileSync('/data/secrets/edwin.json', 'utf8')).PAGE_KEY",
    );
    expect(values.length).toBeGreaterThan(20);
    const ids = (await system.compose('ps', '-aq')).split('\n').filter(Boolean);
    const running = (await system.compose('ps', '-q')).split('\n').filter(Boolean);
    const processes = await Promise.all(running.map((id) => system.docker('top', id, '-eo', 'pid,args')));
    const shown = [await system.docker('inspect', ...ids), await system.compose('config'), ...processes].join('\n');
    const logs = await system.compose('logs', '--no-color');
    // The key of the page is told in the log of chatops, on purpose: whoever reads it there may open the page.
    for (const value of [...values, ...pageKeys]) expect(shown.includes(value)).toBe(false);
    for (const value of values) expect(logs.includes(value)).toBe(false);
  }, 120_000);

  test('Edwin’s own programs are not root, write to no root file system and have bounds', async () => {
    for (const service of ['chatops', 'observability']) {
      const id = (await system.compose('ps', '-q', service)).trim();
      const [{ Config, HostConfig, State }] = JSON.parse(await system.docker('inspect', id));
      expect(Config.User).toBe('node');
      expect(HostConfig).toMatchObject({
        ReadonlyRootfs: true,
        CapDrop: ['ALL'],
        RestartPolicy: { Name: 'unless-stopped' },
      });
      expect(HostConfig.SecurityOpt).toContain('no-new-privileges:true');
      expect(HostConfig.Memory).toBeGreaterThan(0);
      expect(State.Health.Status).toBe('healthy');
    }
    const published = await system.compose('ps', '--format', '{{.Ports}}');
    expect(published).not.toContain('0.0.0.0:');
    expect(published).toContain('127.0.0.1:');
  }, 60_000);

  test('`up` again changes nothing and restarts nothing; without chatops the product goes on serving', async () => {
    const startsOf = async (): Promise<string[]> => {
      const ids = (await system.compose('ps', '-q')).split('\n').filter(Boolean);
      return (await system.docker('inspect', '-f', '{{.Id}} {{.State.StartedAt}}', ...ids)).split('\n').sort();
    };
    const [before, instances] = [await startsOf(), await system.instances()];
    await system.compose('up', '-d', '--wait');
    expect(await startsOf()).toEqual(before);
    await system.compose('stop', 'chatops');
    expect((await fetch(`${system.edgeUrl}/dev/gateway/healthz`)).status).toBe(200);
    await system.compose('up', '-d', '--wait');
    expect(await system.instances()).toEqual(instances);
  }, 240_000);
});

/** For scripts that run inside. */
const basic = `const basic = ({ username, password }) => ({
  authorization: 'Basic ' + Buffer.from(decodeURIComponent(username) + ':' + decodeURIComponent(password)).toString('base64'),
});`;

interface Cell {
  readonly service: string;
  readonly environment: string;
  readonly instances: readonly { readonly state: string }[];
}
