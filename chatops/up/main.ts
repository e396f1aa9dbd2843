import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadCatalog } from '../../platform/catalog-file';
import { processEnvironment } from '../../platform/config';
import { controlRole, environmentRole, prepareDatabases, telemetryRole } from '../../platform/database/environments';
import { keepEmbedded } from '../../platform/database/keep';
import { EdwinError, explain } from '../../platform/errors';
import { createLogger } from '../../platform/log';
import { isFree } from '../../platform/ports';
import { isRunning } from '../../platform/process';
import { openSecrets } from '../../platform/secrets';
import { internalPorts, prepareDataFolder } from './data-folder';
import { takeLock } from './lock';
import { readOptions, upUsage } from './options';
import { fillSecrets, platformSecret, programSpecs } from './settings';
import { stopInstances } from './stop-instances';
import { type Supervised, supervise } from './supervise';

/**
 * `edwin up`: PostgreSQL, then the edge and observability, then chatops; stopped in the opposite order, instances
 * between chatops and the rest. Everything outlives a killed `up` and is taken over by the next one.
 */
async function up(argv: readonly string[]): Promise<void> {
  const given = processEnvironment();
  const options = readOptions(argv, {
    data: given['EDWIN_DATA'] ?? '.edwin',
    port: Number(given['EDWIN_PORT'] ?? 4400),
  });
  if (options === 'help') return void process.stdout.write(upUsage);
  const began = Date.now();
  const say = (text: string) => void process.stdout.write(`${text}\n`);

  const catalog = loadCatalog(options.catalog);
  prepareDataFolder(options.data);
  const lock = takeLock(options.data);
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
  const onSignal = (): void => {
    if (stopping) process.exit(130);
    say('\nStopping. Press Ctrl-C again to leave at once.');
    void stop(0);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('SIGHUP', onSignal);

  try {
    const stillRuns = runningPrograms(options.data);
    if (!stillRuns.has('chatops') && !(await isFree(options.port)))
      throw new EdwinError('start.port-taken', `Port ${options.port} is taken by another program.`);
    const secrets = openSecrets(join(options.data, 'secrets'));
    fillSecrets(catalog, secrets, given);
    const ports = await internalPorts(options.data, (name) => stillRuns.has(name));

    const log = createLogger('up', 'silent');
    const database = await keepEmbedded({ folder: join(options.data, 'postgres'), log });
    closers.push(() => database.stop());
    const roles = [controlRole, telemetryRole, ...catalog.environments.map(environmentRole)];
    const passwords = Object.fromEntries(roles.map((role) => [role, platformSecret(secrets, `DATABASE_${role}`)]));
    const urls = await prepareDatabases(database.adminUrl, catalog.environments, passwords);
    const specs = programSpecs(options, catalog, secrets, ports, urls, given);
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
    // Both are waited for, so that when one can not start the other is stopped with everything else.
    const [observability, edge] = await Promise.allSettled([
      supervise(specs.observability, supervisor),
      supervise(specs.edge, supervisor),
    ]);
    if (observability.status === 'fulfilled') keep(observability.value, 2_000);
    if (edge.status === 'fulfilled') keep(edge.value, 2_000);
    for (const program of [observability, edge]) if (program.status === 'rejected') throw program.reason;
    closers.push(() => stopInstances(options.data));
    keep(await supervise(specs.chatops, supervisor), 3_000);

    const url = `http://127.0.0.1:${options.port}`;
    const state = join(options.data, 'edwin.json');
    writeFileSync(state, JSON.stringify({ pid: process.pid, url, token: specs.chatops.env['EDWIN_TOKEN'] }), {
      mode: 0o600,
    });
    closers.push(() => rmSync(state, { force: true }));
    const adopted = started.filter((program) => program.adopted).map((program) => program.name);
    if (adopted.length > 0) say(`Took over what still ran: ${adopted.join(', ')}.`);
    say(`Edwin is up after ${((Date.now() - began) / 1000).toFixed(1)} s. Open ${url}`);
    say('Ctrl-C stops everything.');
  } catch (error) {
    if (stopping) return;
    process.stderr.write(`${error instanceof EdwinError ? explain(error) : (error as Error).stack}\n`);
    await stop(1);
  }
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
