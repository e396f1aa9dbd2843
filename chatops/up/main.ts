import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { loadCatalog } from '../../platform/catalog-file';
import { processEnvironment, readConfig } from '../../platform/config';
import { controlRole, environmentRole, prepareDatabases, telemetryRole } from '../../platform/database/environments';
import { keepEmbedded } from '../../platform/database/keep';
import { EdwinError, explain } from '../../platform/errors';
import { createLogger } from '../../platform/log';
import { isFree } from '../../platform/ports';
import { isRunning } from '../../platform/process';
import { openSecrets } from '../../platform/secrets';
import { internalPorts, prepareDataFolder } from './data-folder';
import { takeLock } from './lock';
import { type ProgramName, readOptions, upUsage } from './options';
import { fillSecrets, platformSecret, programSpecs } from './settings';
import { stopInstances } from './stop-instances';
import { type Supervised, supervise } from './supervise';

/** Signals that come together are one request: the terminal tells all of its programs, and npx tells its own once more. */
const ONE_REQUEST_MS = 1_000;

/**
 * `edwin up`: PostgreSQL, then the edge and observability, then chatops; stopped in the opposite order, instances
 * between chatops and the rest. Everything outlives a killed `up` and is taken over by the next one.
 */
async function up(argv: readonly string[]): Promise<void> {
  const own = processEnvironment();
  const options = readOptions(argv, {
    data: own['EDWIN_DATA'] ?? '.edwin',
    port: Number(own['EDWIN_PORT'] ?? 4400),
    catalog: own['EDWIN_CATALOG'] ?? 'edwin.yaml',
  });
  if (options === 'help') return void process.stdout.write(upUsage);
  const given = { ...readSettingsFile(options.data), ...own };
  const began = Date.now();
  // Whoever read it may be gone (a closed terminal, an ended `| tee`): that must not end Edwin without its programs.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const say = (text: string) => void process.stdout.write(`${text}\n`);

  const config = readConfig(['up'], given);
  const catalog = loadCatalog(options.catalog);
  prepareDataFolder(options.data);
  const lock = takeLock(options.data, options.only);
  const starts = (name: ProgramName): boolean => options.only === undefined || options.only === name;
  const closers: (() => Promise<unknown> | unknown)[] = [() => lock.release()];
  let stopping: Promise<void> | undefined;
  const stop = (status: number): Promise<void> => {
    stopping ??= (async () => {
      for (const close of closers.reverse())
        await Promise.resolve(close()).catch((error: unknown) => process.stderr.write(`${explain(error)}\n`));
      process.exit(status);
    })();
    return stopping;
  };
  let asked = Number.NEGATIVE_INFINITY;
  const onSignal = (): void => {
    if (stopping && performance.now() - asked < ONE_REQUEST_MS) return;
    if (stopping) process.exit(130);
    asked = performance.now();
    say('\nStopping. Press Ctrl-C again to leave at once.');
    void stop(0);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('SIGHUP', onSignal);

  try {
    const stillRuns = runningPrograms(options.data);
    if (starts('chatops') && !stillRuns.has('chatops') && !(await isFree(options.port)))
      throw new EdwinError('start.port-taken', `Port ${options.port} is taken by another program.`);
    const secrets = openSecrets(join(options.data, 'secrets'));
    fillSecrets(catalog, secrets, given);
    const ports = await internalPorts(options.data, (name) => stillRuns.has(name));

    const adminUrl = config.POSTGRES_URL ?? (await embeddedPostgres(options.data, closers));
    const roles = [controlRole, telemetryRole, ...catalog.environments.map(environmentRole)];
    const passwords = Object.fromEntries(roles.map((role) => [role, platformSecret(secrets, `DATABASE_${role}`)]));
    const urls = await prepareDatabases(adminUrl, catalog.environments, passwords);
    const specs = programSpecs({ options, config, catalog, secrets, ports, urls, given });
    const supervisor = {
      folder: options.data,
      build: readBuild(),
      onRestart: (name: string) =>
        say(`${name} ended and is started again; its log: ${join(options.data, 'logs', `${name}.log`)}`),
    };

    const started: Supervised[] = [];
    const keep = (program: Supervised, graceMs: number): void => {
      started.push(program);
      closers.push(() => program.stop(graceMs));
    };
    const before = [
      ...(starts('observability') && (options.only || !config.OBSERVABILITY_URL) ? [specs.observability] : []),
      ...(starts('edge') && specs.edge ? [specs.edge] : []),
    ];
    // All are waited for, so that when one can not start the others are stopped with everything else.
    const results = await Promise.allSettled(before.map((spec) => supervise(spec, supervisor)));
    for (const result of results) if (result.status === 'fulfilled') keep(result.value, 2_000);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    if (starts('chatops')) {
      // Instances on hosts of their own go on serving while Edwin is away; processes of this machine end with it.
      if (config.HOSTS_URL === undefined) closers.push(() => stopInstances(options.data));
      keep(await supervise(specs.chatops, supervisor), 3_000);
    }

    const url = new URL(specs.chatops.healthUrl).origin;
    const { PUBLIC_URL: publicUrl = url, PAGE_KEY: key } = specs.chatops.env;
    const page = key === undefined ? publicUrl : `${publicUrl}/?key=${key}`;
    if (starts('chatops')) {
      const state = join(options.data, 'edwin.json');
      writeFileSync(state, JSON.stringify({ pid: process.pid, url, token: specs.chatops.env['EDWIN_TOKEN'] }), {
        mode: 0o600,
      });
      closers.push(() => rmSync(state, { force: true }));
    }
    const adopted = started.filter((program) => program.adopted).map((program) => program.name);
    if (adopted.length > 0) say(`Took over what still ran: ${adopted.join(', ')}.`);
    const seconds = ((Date.now() - began) / 1000).toFixed(1);
    say(
      starts('chatops') ? `Edwin is up after ${seconds} s. Open ${page}` : `${options.only} is up after ${seconds} s.`,
    );
    say('Ctrl-C stops everything.');
  } catch (error) {
    if (stopping) return;
    process.stderr.write(`${error instanceof EdwinError ? explain(error) : (error as Error).stack}\n`);
    await stop(1);
  }
}

/** Settings kept in the data folder, one `NAME=value` a line; what is set where Edwin is started wins. */
function readSettingsFile(data: string): NodeJS.ProcessEnv {
  const file = join(data, 'settings.env');
  return existsSync(file) ? (parseEnv(readFileSync(file, 'utf8')) as NodeJS.ProcessEnv) : {};
}

/** Starts the embedded PostgreSQL and gives its administrator's address. */
async function embeddedPostgres(data: string, closers: (() => Promise<unknown> | unknown)[]): Promise<string> {
  const database = await keepEmbedded({ folder: join(data, 'postgres'), log: createLogger('up', 'silent') });
  closers.push(() => database.stop());
  return database.adminUrl;
}

/** Programs of an earlier start that run still. */
function runningPrograms(folder: string): Set<string> {
  const states = join(folder, 'programs');
  if (!existsSync(states)) return new Set();
  const running = readdirSync(states).filter((file) => {
    try {
      return isRunning(JSON.parse(readFileSync(join(states, file), 'utf8')).process);
    } catch {
      return false;
    }
  });
  return new Set(running.map((file) => file.replace(/\.json$/, '')));
}

function readBuild(): string {
  const file = join(__dirname, '..', '..', '.built');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

up(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof EdwinError ? explain(error) : (error as Error).stack}\n`);
  process.exit(error instanceof EdwinError && error.code === 'chat.usage' ? 2 : 1);
});
