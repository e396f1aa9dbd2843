import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../../platform/ports';

const run = promisify(execFile);
const root = join(__dirname, '..', '..');

/** The system of docker-compose.yml under a name and on ports of its own. */
export interface Composed {
  readonly project: string;
  /** The page. */
  readonly url: string;
  /** Traffic. */
  readonly edgeUrl: string;
  /** `docker compose …`; gives what it printed. */
  compose(...words: string[]): Promise<string>;
  /** `docker …` on the same engine. */
  docker(...words: string[]): Promise<string>;
  /** `edwin …` in the container of chatops. @throws with what it said when its exit status is not 0 */
  edwin(...words: string[]): Promise<string>;
  /** Runs JavaScript where chatops runs, on all its networks; `settings` holds its settings. Gives what it returns. */
  inside<T>(script: string): Promise<T>;
  /** Ids of the containers that Edwin started, not those of the system itself. */
  instances(): Promise<string[]>;
  /** How each container stands, and the last lines of those that ended, were started again or are not well. */
  unwell(): Promise<string>;
  /** Ends everything and deletes what it kept. */
  end(): Promise<void>;
}

/** What `docker inspect` tells of a container, as far as it is used here. */
interface Container {
  readonly Id: string;
  readonly Name: string;
  readonly RestartCount: number;
  readonly State: {
    readonly Status: string;
    readonly ExitCode: number;
    readonly OOMKilled: boolean;
    readonly Health?: { readonly Status: string };
  };
}

/** The stand-in images of tests may hold a neo4j.conf that its server can not write to, so that nothing is set there. */
const standIns = { NEO4J_HEAP: '', NEO4J_PAGE_CACHE: '', ES_JAVA_OPTS: '-Xms512m -Xmx512m' };

export async function composedSystem(engine: string): Promise<Composed> {
  const project = `edwin-test-${randomBytes(3).toString('hex')}`;
  const [page, edge, registry] = [await freePort(), await freePort(), await freePort()];
  const env = {
    ...process.env,
    ...standIns,
    COMPOSE_PROJECT_NAME: project,
    DOCKER_HOST: engine,
    DOCKER_SOCKET: new URL(engine).pathname,
    EDWIN_IMAGE: `${project}:latest`,
    EDWIN_PORT: String(page),
    EDGE_PORT: String(edge),
    REGISTRY_PORT: String(registry),
  };
  const docker = async (...words: string[]): Promise<string> => {
    const { stdout } = await run('docker', words, { cwd: root, env, maxBuffer: 64 * 1024 * 1024, timeout: 480_000 });
    return stdout;
  };
  const compose = (...words: string[]): Promise<string> => docker('compose', '--ansi', 'never', ...words);
  const instances = async (): Promise<string[]> => {
    const lists = await Promise.all(
      ['dev', 'stage', 'prod'].map((environment) =>
        docker('ps', '-aq', '--no-trunc', '-f', `network=${project}-${environment}`, '-f', 'label=edwin.environment'),
      ),
    );
    return [...new Set(lists.flatMap((list) => list.split('\n').filter(Boolean)))].sort();
  };
  return {
    project,
    url: `http://127.0.0.1:${page}`,
    edgeUrl: `http://127.0.0.1:${edge}`,
    compose,
    docker,
    edwin: (...words) => compose('exec', '-T', 'chatops', 'edwin', ...words),
    inside: async <T>(script: string): Promise<T> => {
      const program = `
        const settings = require('node:util').parseEnv(require('node:fs').readFileSync('/data/settings.env', 'utf8'));
        (async () => { ${script} })().then((value) => console.log(JSON.stringify(value)));`;
      // By standard input: what it holds is in no list of processes.
      const child = spawn('docker', ['compose', 'exec', '-T', 'chatops', 'node', '-'], { cwd: root, env });
      let [out, err] = ['', ''];
      child.stdout.on('data', (chunk) => (out += chunk));
      child.stderr.on('data', (chunk) => (err += chunk));
      child.stdin.end(program);
      await new Promise((resolve) => child.once('close', resolve));
      if (out === '') throw new Error(`Nothing came from inside: ${err}`);
      return JSON.parse(out) as T;
    },
    instances,
    async unwell() {
      const ids = (await compose('ps', '-aq')).split('\n').filter(Boolean);
      const all = JSON.parse(await docker('inspect', ...ids)) as Container[];
      const parts = all.map(async ({ Id, Name, RestartCount, State }) => {
        const { Status, ExitCode, OOMKilled, Health } = State;
        const known = `${Name} ${Status} ${Health?.Status ?? ''} restarts=${RestartCount} exit=${ExitCode} oom=${OOMKilled}`;
        const well = RestartCount === 0 && (Status === 'exited' ? ExitCode === 0 : Health?.Status === 'healthy');
        if (well || Status === 'created') return known;
        const { stdout, stderr } = await run('docker', ['logs', '--tail', '40', Id], { env });
        return `${known}\n${stdout}${stderr}`;
      });
      return (await Promise.all(parts)).join('\n');
    },
    async end() {
      await compose('stop', 'chatops').catch(() => undefined);
      const left = await instances();
      if (left.length > 0) await docker('rm', '-fv', ...left);
      await compose('down', '-v', '--remove-orphans', '--rmi', 'local', '-t', '5');
      await docker('rmi', '-f', `${project}:latest`).catch(() => undefined);
    },
  };
}
