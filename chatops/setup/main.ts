import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadCatalog } from '../../platform/catalog-file';
import { processEnvironment } from '../../platform/config';
import { EdwinError, explain } from '../../platform/errors';
import { openSecrets } from '../../platform/secrets';
import { platformSecret } from '../up/settings';
import { composedSettings } from './addresses';
import { secretFiles } from './files';
import type { PasswordOf } from './names';
import { makeCalls, setupCalls } from './servers';

const usage = `Usage: edwin setup secrets|servers [--data DIR] [--catalog FILE] [--secrets DIR]

  secrets   makes every password of the composed system, once, and gives each server its own in a folder of DIR
  servers   gives rights that only a running server can give: tokens of Consul, users of Elasticsearch

Both may be run again at any time; passwords that are there stay.
`;

/** `edwin setup`: what docker-compose.yml runs before and after its servers start. */
async function setup(argv: readonly string[]): Promise<void> {
  const { EDWIN_DATA = '.edwin', EDWIN_CATALOG = 'edwin.yaml', REGISTRY_PORT = '5000' } = processEnvironment();
  const { what, data, catalog, folder } = readArguments(argv, { data: EDWIN_DATA, catalog: EDWIN_CATALOG });
  const { environments } = loadCatalog(catalog);
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const secrets = openSecrets(join(data, 'secrets'));
  // Consul takes nothing but UUIDs as tokens.
  const password: PasswordOf = (name) =>
    platformSecret(secrets, name, name.startsWith('CONSUL_') ? randomUUID : undefined);
  const say = (text: string) => void process.stdout.write(`${text}\n`);
  if (what === 'servers') return makeCalls(setupCalls(environments, password), say);

  const files = secretFiles(environments, password, bcrypt);
  for (const { folder: volume, name, content, mode = 0o444 } of files) {
    mkdirSync(join(folder, volume), { recursive: true });
    // Read by a server under a user of its own; the volume is mounted into that server's container alone.
    write(join(folder, volume, name), content, mode);
  }
  const settings = Object.entries(composedSettings(environments, password, { registryPort: Number(REGISTRY_PORT) }));
  write(join(data, 'settings.env'), settings.map(([name, value]) => `${name}=${value}\n`).join(''), 0o600);
  say(`${files.length} files for servers and the settings of Edwin are written.`);
}

/** What says the same is left alone: its server need not look. */
function write(file: string, content: string, mode: number): void {
  if (read(file) !== content) {
    writeFileSync(`${file}.new`, content, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  chmodSync(file, mode);
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * By the system's own crypt(3), which Perl calls: Node has no bcrypt, and the registry takes nothing else. The password
 * goes in by standard input, since arguments are seen by everybody.
 */
function bcrypt(password: string, random: Buffer): string {
  const letters = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  const salt = [...random.subarray(0, 21)].map((byte) => letters[byte % 64]).join('');
  const script = `my $p = <STDIN>; chomp $p; print crypt($p, '$2b$10$${salt}.')`;
  const { stdout, status } = spawnSync('perl', ['-e', script], { input: `${password}\n`, encoding: 'utf8' });
  if (status !== 0 || !stdout.startsWith('$2b$'))
    throw new EdwinError('start.server-refused', 'This system can not make the bcrypt hash that the registry needs.');
  return stdout;
}

function readArguments(argv: readonly string[], defaults: { data: string; catalog: string }) {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { data: { type: 'string' }, catalog: { type: 'string' }, secrets: { type: 'string' } },
    });
    const [what, ...rest] = positionals;
    if ((what !== 'secrets' && what !== 'servers') || rest.length > 0) throw new Error('secrets or servers?');
    const { data = defaults.data, catalog = defaults.catalog, secrets = join(data, 'servers') } = values;
    return { what, data: resolve(data), catalog: resolve(catalog), folder: resolve(secrets) };
  } catch (error) {
    throw new EdwinError('chat.usage', `${(error as Error).message}\n${usage}`);
  }
}

setup(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof EdwinError ? explain(error) : (error as Error).stack}\n`);
  process.exit(error instanceof EdwinError && error.code === 'chat.usage' ? 2 : 1);
});
