import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { type EmbeddedServer, startEmbedded } from '../platform/database/embedded';
import { environmentRole, prepareDatabases } from '../platform/database/environments';
import { silent } from '../platform/log';
import { asAdmin } from './database';
import { until } from './until';

/** A PostgreSQL of its own with the environments `stage` and `prod`, to be disturbed as a test likes. */
export interface Environments {
  /** Address of stage's database with stage's credentials. */
  readonly url: string;
  readonly unreachable: string;
  readonly wrongPassword: string;
  /** Address of prod's database with stage's credentials. */
  readonly stranger: string;
  restart(): Promise<void>;
  /** kill -9 of the server, and a new start. */
  crash(): Promise<void>;
  /** Freezes every process of the server: connections stay open and nothing answers, until `resume`. */
  pause(): void;
  resume(): void;
  cutConnections(): Promise<void>;
  /** What the server says of itself. */
  version(): Promise<string>;
  stop(): Promise<void>;
}

export async function startEnvironments(): Promise<Environments> {
  const folder = mkdtempSync(join(tmpdir(), 'edwin-test-'));
  const start = (port?: number): Promise<EmbeddedServer> =>
    startEmbedded({ folder, log: silent, ephemeral: true, durable: true, ...(port !== undefined && { port }) });
  let server = await start();
  const [stage, prod] = [environmentRole('stage'), environmentRole('prod')];
  const passwords = {
    edwin: 'control-pass',
    edwin_telemetry: 'telemetry-pass',
    [stage]: 'stage-pass',
    [prod]: 'prod-pass',
  };
  const { environments } = await prepareDatabases(server.adminUrl, ['stage', 'prod'], passwords);
  const url = environments['stage'] ?? '';
  const changed = (change: Partial<URL>): string => Object.assign(new URL(url), change).toString();
  const again = async (signal: NodeJS.Signals): Promise<void> => {
    process.kill(server.pid, signal);
    await until(() => !server.alive(), { what: 'the server ended' });
    server = await start(server.port);
  };
  const freeze = (signal: 'SIGSTOP' | 'SIGCONT'): void => {
    for (const pid of [server.pid, ...childrenOf(server.pid)]) process.kill(pid, signal);
  };
  return {
    url,
    unreachable: changed({ port: '1' }),
    wrongPassword: changed({ password: 'wrong' }),
    stranger: changed({ pathname: `/${prod}` }),
    restart: () => again('SIGINT'),
    crash: () => again('SIGKILL'),
    pause: () => freeze('SIGSTOP'),
    resume: () => freeze('SIGCONT'),
    cutConnections: () =>
      asAdmin("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'edwin%'", server.adminUrl),
    version: async () => {
      const client = new Client({ connectionString: server.adminUrl });
      await client.connect();
      const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
      await client.end();
      return rows[0]?.server_version.split(' ')[0] ?? '';
    },
    stop: () => server.stop(),
  };
}

function childrenOf(pid: number): number[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([child = 0, parent]) => (parent === pid ? [child] : []));
}
