import { Resolver } from 'node:dns/promises';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import neo4j from 'neo4j-driver';
import { freePort } from '../../platform/ports';
import { Messenger } from '../bench/messenger';
import { onEngines } from '../engines/engine';
import { AFTERLIFE_MS, elasticsearchUrl, openRealSystem, type RealSystem } from '../engines/system';
import { until } from '../until';
import { cleanUp, cloneProject, commit, type RunningEdwin, startEdwin } from './edwin';

const services = ['mailer', 'gateway', 'bot', 'analytics'];
const APP_SECRET = 'app-secret-of-the-story';

/**
 * One story on real servers, told in order: three Docker hosts over mutual TLS, Consul, RabbitMQ, Elasticsearch, Neo4j,
 * a registry and HAProxy.
 * @seconds 190
 */
onEngines(['hosts', 'registry', 'docker', 'consul', 'rabbitmq', 'elasticsearch', 'neo4j', 'haproxy'], (engines) => {
  const messenger = new Messenger(APP_SECRET);
  let system: RealSystem;
  let repository = '';
  let edwin: RunningEdwin;
  let cutAt = 0;
  /** The host that loses its power, as the control script numbers it. */
  const victim = (): string => (system.hosts.at(-1)?.name ?? '').replace(/^h/, '');

  beforeAll(async () => {
    system = await openRealSystem(process.env);
    repository = cloneProject();
    const port = await freePort();
    await messenger.listen(port, system.address);
    edwin = await startEdwin({
      repository,
      fill: false,
      host: system.address,
      env: {
        ...system.env,
        MESSENGER_API_URL: `http://${system.address}:${port}/v23.0`,
        MESSENGER_APP_SECRET: APP_SECRET,
      },
    });
    messenger.subscribe(`${system.edgeUrl}/stage/gateway/webhook`);
  }, 180_000);

  afterAll(async () => {
    await edwin?.stop();
    await messenger.close();
    if (system) await engines.hosts.control('up', victim());
    await system?.close();
    cleanUp(repository, ...(edwin ? [join(edwin.data, '..')] : []));
  }, 180_000);

  const done = async (...words: string[]): Promise<Record<string, unknown>> => {
    const { status, json, stderr } = await edwin.edwin(...words);
    if (status !== 0) throw new Error(`edwin ${words.join(' ')}: ${json.message ?? ''} ${stderr.slice(-2_000)}`);
    return json;
  };
  /** Every message is answered exactly once, in order, and no webhook call failed. */
  const allAnswered = async (): Promise<void> => {
    await messenger.settled(60_000);
    const { lost, duplicated, outOfOrder, webhookErrors } = messenger.tally();
    expect({ lost, duplicated, outOfOrder, webhookErrors, failures: messenger.failures }).toEqual({
      lost: 0,
      duplicated: 0,
      outOfOrder: 0,
      webhookErrors: 0,
      failures: [],
    });
  };
  interface Status {
    readonly service: string;
    readonly environment: string;
    readonly release: number;
    readonly wanted: number;
    readonly instances: readonly { id: string; host: string; state: string; release: number }[];
  }
  const stage = async (): Promise<Status[]> =>
    ((await edwin.edwin('status')).json as unknown as Status[]).filter(
      ({ service, environment }) => environment === 'stage' && services.includes(service),
    );
  const whole = ({ wanted, instances, release }: Status): boolean =>
    instances.filter((one) => one.state === 'healthy' && one.release === release).length >= wanted;
  const untilWhole = (withinMs: number): Promise<unknown> =>
    until(async () => (await stage()).every(whole), { what: 'stage is whole', withinMs });

  test('images are built, pushed, and deployed to dev, then to stage', async () => {
    for (const service of services) {
      await done('build', service);
      expect(await done('deploy', service, 'dev')).toMatchObject({ state: 'done', to: 1 });
      expect(await done('deploy', service, 'stage')).toMatchObject({ state: 'done', to: 1 });
    }
    const placed = await system.instances('stage');
    for (const service of ['mailer', 'gateway', 'bot'])
      expect(new Set(placed.filter((one) => one.service === service).map(({ host }) => host)).size).toBe(2);
  }, 600_000);

  test('a student is answered, and the answer is known to Elasticsearch under one trace', async () => {
    await messenger.write('ann', 'hello');
    await allAnswered();
    // Others may be at work on what earlier runs left in the queues of stage.
    const passed = { 'resource.attributes.service.name': ['gateway', 'mailer', 'bot'] };
    const search = async (): Promise<string[]> => {
      const { origin, username, password } = new URL(elasticsearchUrl(process.env));
      const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
      const response = await fetch(`${origin}/traces-*-stage/_search`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(username && { authorization }) },
        body: JSON.stringify({ size: 500, sort: [{ '@timestamp': 'desc' }], query: { terms: passed } }),
      });
      const { hits } = (await response.json()) as { hits: { hits: { _source: SpanSource }[] } };
      const traces = new Map<string, Set<string>>();
      for (const { _source: span } of hits.hits) {
        const seen = traces.get(span.trace_id) ?? new Set();
        traces.set(span.trace_id, seen.add(String(span.resource.attributes['service.name'])));
      }
      return [...traces.values()].map((seen) => [...seen].sort().join(' '));
    };
    await until(async () => (await search()).some((seen) => /bot.*gateway.*mailer/.test(seen)), {
      what: 'a trace through bot, gateway and mailer',
      withinMs: 30_000,
    });
  }, 120_000);

  test('names of the datacenter lead to the healthy instances', async () => {
    const resolver = new Resolver({ timeout: 2_000, tries: 3 });
    resolver.setServers([process.env['EDWIN_TEST_CONSUL_STAGE_DNS'] ?? '']);
    const found = await resolver.resolveSrv('gateway.service.stage.consul');
    const running = (await system.instances('stage')).filter(({ service }) => service === 'gateway');
    expect(found).toHaveLength(running.length);
  }, 30_000);

  test('what a student learns is in the graph', async () => {
    for (const text of ['yes', 'a', 'b', 'a', 'b', 'a']) await messenger.write('ann', text);
    await allAnswered();
    const driver = neo4j.driver(
      engines.neo4j.setting('EDWIN_TEST_NEO4J_URL'),
      neo4j.auth.basic(
        engines.neo4j.setting('EDWIN_TEST_NEO4J_USER'),
        engines.neo4j.setting('EDWIN_TEST_NEO4J_PASSWORD'),
      ),
    );
    const answers = async () =>
      (await driver.executeQuery("MATCH (:Learner {id: 'ann'})-[a:ANSWERED]->() RETURN count(a) AS n")).records[0]
        ?.get('n')
        .toNumber() as number;
    await until(async () => (await answers()) > 0, { what: 'answers of ann in Neo4j', withinMs: 60_000 });
    await driver.close();
  }, 180_000);

  test('a new release reaches stage, and a rollback needs neither git nor the registry', async () => {
    appendFileSync(join(repository, 'services', 'bot', 'main.ts'), '// changed\n');
    commit(repository, 'Change the bot');
    await done('build', 'bot');
    await done('deploy', 'bot', 'dev');
    expect(await done('deploy', 'bot', 'stage')).toMatchObject({ state: 'done', from: 1, to: 2 });
    await engines.registry.control('down');
    try {
      expect(await done('rollback', 'bot', 'stage')).toMatchObject({ state: 'done', from: 2, to: 1 });
    } finally {
      await engines.registry.control('up');
    }
    await messenger.write('ann', 'a');
    await allAnswered();
  }, 300_000);

  test('a host loses its power in the middle: no message is lost, and its instances are replaced elsewhere', async () => {
    const writing = (async () => {
      for (let n = 0; n < 100; n += 1) {
        void messenger.write(`student-${n % 20}`, n < 20 ? 'hello' : 'a');
        if (n === 30) {
          await engines.hosts.control('off', victim());
          cutAt = Date.now();
        }
        // The pace at which students write, so that the outage falls among them; nothing is waited for.
        await pause(100);
      }
    })();
    await writing;
    await allAnswered();
    await untilWhole(120_000);
    const stayed = (await stage()).flatMap(({ instances }) => instances).filter(({ state }) => state === 'healthy');
    expect(stayed.filter(({ host }) => host === `h${victim()}`)).toEqual([]);
  }, 400_000);

  test('the host comes back: what it ran before is ended, and stage is whole with nothing over', async () => {
    await until(() => Date.now() - cutAt > AFTERLIFE_MS, { what: 'nothing is on its way', withinMs: AFTERLIFE_MS });
    await engines.hosts.control('up', victim());
    await until(
      async () => {
        const now = await stage();
        const over = now.filter(({ instances, wanted }) => instances.length !== wanted);
        return over.length === 0 && now.every(whole);
      },
      { what: 'stage is whole with nothing over', withinMs: 120_000 },
    );
    await messenger.write('ann', 'a');
    await allAnswered();
  }, 300_000);
});

interface SpanSource {
  readonly trace_id: string;
  readonly resource: { readonly attributes: Readonly<Record<string, unknown>> };
}
