import { join } from 'node:path';
import type { Pool } from 'pg';
import { controlRole } from '../../platform/database/environments';
import { openPool } from '../../platform/database/postgres';
import { openRealSystem, type RealSystem } from '../engines/system';
import { cleanUp, commit, type RunningEdwin, startEdwin } from '../scenarios/edwin';
import { until } from '../until';
import { machine, row } from './figures';
import { type Load, startLoad } from './load';
import { rolloutProduct, setVersion } from './rollout-product';
import { startSwarm } from './swarm';

/**
 * `npm run bench:rollout`: six instances of an HTTP service and of a worker on three Docker hosts are replaced again
 * and again, images already pulled, under 40 requests in flight on kept connections; beside it, Docker Swarm does the
 * same on the same engines with the best settings known. The hosts are for one environment alone, on the network that
 * Docker itself has (`bridge: engine`). Each rollout begins when what the one before left on the engines is cleaned
 * away. Needs the EDWIN_TEST_… variables. Ends with status 1 when one of Edwin's requests failed, or it took longer
 * than its bound until the last old instance was gone.
 */
const IN_FLIGHT = 40;
const ROUNDS = 5;
const REQUESTS = 10_000;
const BOUND_MS = 2_500;
/** Exited instances that Edwin keeps for their logs, of both services. */
const KEPT = 6;

async function main(): Promise<void> {
  const system = await openRealSystem(process.env, 'stage');
  const repository = rolloutProduct();
  let bad = true;
  try {
    console.log(machine());
    const edwin = await startEdwin({ repository, fill: false, host: system.address, env: system.env });
    try {
      const images = await prepare(edwin, repository);
      bad = await ours(edwin, system);
      for (const { engine } of system.hosts) await keepFor(engine, images);
    } finally {
      await edwin.stop();
      cleanUp(join(edwin.data, '..'));
    }
    const containers = await system.instances('stage');
    await Promise.all(containers.map((instance) => system.kill(instance)));
    if (!process.argv.includes('--no-swarm')) await theirs();
  } finally {
    cleanUp(repository);
    await system.close();
  }
  process.exitCode = bad ? 1 : 0;
}

async function done(edwin: RunningEdwin, ...words: string[]): Promise<number> {
  const { status, json, stderr } = await edwin.edwin(...words);
  if (status !== 0) throw new Error(`edwin ${words.join(' ')}: ${json.message ?? ''} ${stderr.slice(-1_500)}`);
  return json.duration_ms ?? 0;
}

/** Two releases of each service, both on every host; gives the digests of the HTTP service's. */
async function prepare(edwin: RunningEdwin, repository: string): Promise<string[]> {
  const digests: string[] = [];
  for (const version of [1, 2]) {
    setVersion(repository, version);
    commit(repository, `Version ${version}`);
    for (const service of ['web', 'worker']) {
      const { status, json, stderr } = await edwin.edwin('build', service);
      if (status !== 0) throw new Error(`build ${service}: ${json.message ?? ''} ${stderr.slice(-1_500)}`);
      if (service === 'web') digests.push(String(json['image']));
      await done(edwin, 'deploy', service, 'stage', String(version));
    }
  }
  return digests;
}

async function ours(edwin: RunningEdwin, system: RealSystem): Promise<boolean> {
  const load = startLoad(`${system.edgeUrl}/stage/web/`, IN_FLIGHT);
  const ended: Record<string, number[]> = { web: [], worker: [] };
  for (let round = 0; round < ROUNDS; round += 1)
    for (const [service, all] of Object.entries(ended)) {
      await cleaned(system);
      all.push(await done(edwin, 'deploy', service, 'stage', String(1 + (round % 2))));
    }
  await until(() => load.count() >= REQUESTS, { what: `${REQUESTS} requests`, withinMs: 120_000 });
  const result = await load.stop();
  const url = new URL(system.env['POSTGRES_URL'] ?? '');
  url.pathname = `/${controlRole}`;
  const pool = openPool(url.href, { max: 1 });
  try {
    const [web, worker] = [await replaced(pool, 'web'), await replaced(pool, 'worker')];
    row('Edwin, HTTP: all new and old gone', times(web), `bound ${BOUND_MS} ms`);
    row('Edwin, HTTP: checked, and its end told', times(ended['web'] ?? []));
    row('Edwin, worker: all new and old gone', times(worker));
    row('Edwin, worker: checked, and its end told', times(ended['worker'] ?? []));
    for (const service of ['web', 'worker']) row(`Edwin, steps of the last (${service})`, await steps(pool, service));
    tell('Edwin', result);
    return result.failed > 0 || median(web) > BOUND_MS;
  } finally {
    await pool.end();
  }
}

/** Waits until the engines have taken away what the rollout before ended. */
async function cleaned({ hosts }: RealSystem): Promise<void> {
  const filters = { label: ['edwin.environment'], status: ['exited', 'dead', 'removing'] };
  const exited = () => Promise.all(hosts.map(({ engine }) => engine.listContainers({ all: true, filters })));
  await until(async () => (await exited()).flat().length <= KEPT, { what: 'old instances are removed' });
}

/** From the request until the last old instance had ended, of the newest operations, as the journal has it. */
async function replaced(pool: Pool, service: string): Promise<number[]> {
  const { rows } = await pool.query<{ ms: number }>(
    `SELECT extract(epoch FROM s.finished_at - o.requested_at)::float8 * 1000 AS ms
     FROM fleet.operations o JOIN fleet.steps s ON s.operation = o.id AND s.name = 'stop'
     WHERE o.service = $1 ORDER BY o.id DESC LIMIT $2`,
    [service, ROUNDS],
  );
  return rows.map(({ ms }) => ms).reverse();
}

/** Where the time of the newest operation went. */
async function steps(pool: Pool, service: string): Promise<string> {
  const { rows } = await pool.query<{ name: string; ms: number }>(
    `SELECT name, round(extract(epoch FROM finished_at - started_at) * 1000)::int AS ms FROM fleet.steps
     WHERE operation = (SELECT max(id) FROM fleet.operations WHERE service = $1) ORDER BY position`,
    [service],
  );
  return rows.map(({ name, ms }) => `${name} ${ms}`).join(', ');
}

/** Swarm takes the same images by a name of their own on each host. */
async function keepFor(engine: RealSystem['hosts'][number]['engine'], digests: readonly string[]): Promise<void> {
  for (const [index, digest] of digests.entries())
    await engine
      .getImage(`edwin-release:${digest.replace('sha256:', '')}`)
      .tag({ repo: 'edwin-bench', tag: `v${index + 1}` });
}

async function theirs(): Promise<void> {
  const { EDWIN_TEST_HOSTS: hosts = '', EDWIN_TEST_HOSTS_TLS: tls = '' } = process.env;
  const swarm = await startSwarm(hosts, tls, 'edwin-bench:v2');
  try {
    const load = startLoad(swarm.url, IN_FLIGHT);
    const [fresh, gone]: [number[], number[]] = [[], []];
    for (let round = 0; round < 3; round += 1) {
      const { newMs, goneMs } = await swarm.update(`edwin-bench:v${1 + (round % 2)}`);
      fresh.push(newMs);
      gone.push(goneMs);
    }
    const result = await load.stop();
    row('Swarm, HTTP: all new', times(fresh));
    row('Swarm, HTTP: old gone', times(gone));
    tell('Swarm', result);
  } finally {
    await swarm.close();
  }
}

function tell(who: string, { requests, failed, failures, answers }: Load): void {
  row(
    `${who}, requests failed`,
    `${failed} of ${requests}, ${IN_FLIGHT} in flight`,
    who === 'Edwin' ? 'must be 0' : '',
  );
  row(`${who}, answered by`, [...answers].map(([version, count]) => `version ${version}: ${count}`).join(', '));
  for (const failure of failures) console.log(`  ${failure}`);
}

function times(values: readonly number[]): string {
  return `${values.map((ms) => `${(ms / 1000).toFixed(2)}`).join(' ')} s, median ${(median(values) / 1000).toFixed(2)} s`;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

void main();
