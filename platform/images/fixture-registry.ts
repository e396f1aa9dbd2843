import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../test/until';
import type { Engine } from '../docker/engine';
import { freePort } from '../ports';
import { untagImage } from './engine-images';

/** A registry server of a test's own, of the distribution project's own program, so that it can be killed and frozen. */
export interface TestRegistry {
  readonly port: number;
  /** `127.0.0.1:port`: engines of this machine use it without TLS. */
  readonly where: string;
  readonly user: string;
  readonly password: string;
  readonly version: string;
  crash(): Promise<void>;
  up(): Promise<void>;
  pause(): void;
  resume(): void;
  /** True while bytes of an upload lie there unfinished. */
  uploading(): boolean;
  close(): Promise<void>;
}

/** @param auth configuration of its `auth` section; default: user and password */
export async function startTestRegistry(auth?: (folder: string) => string): Promise<TestRegistry> {
  const folder = mkdtempSync(join(tmpdir(), 'edwin-registry-'));
  const port = await freePort();
  const where = `127.0.0.1:${port}`;
  const [user, password] = ['edwin', `pw-${randomBytes(12).toString('hex')}`];
  const htpasswd = join(folder, 'htpasswd');
  writeFileSync(htpasswd, execFileSync('htpasswd', ['-Bni', user], { input: password, encoding: 'utf8' }));
  const configuration = [
    'version: 0.1',
    'log: {level: warn, accesslog: {disabled: true}}',
    `storage: {filesystem: {rootdirectory: ${join(folder, 'storage')}}, delete: {enabled: true}}`,
    `http: {addr: "${where}", secret: ${randomBytes(8).toString('hex')}}`,
    `auth: ${auth?.(folder) ?? `{htpasswd: {realm: edwin, path: ${htpasswd}}}`}`,
  ];
  writeFileSync(join(folder, 'config.yml'), `${configuration.join('\n')}\n`);
  const log = openSync(join(folder, 'log'), 'a');
  let server: ChildProcess | undefined;

  const up = async (): Promise<void> => {
    server = spawn('docker-registry', ['serve', join(folder, 'config.yml')], { stdio: ['ignore', log, log] });
    const ended = once(server, 'exit');
    await Promise.race([
      until(() => fetch(`http://${where}/v2/`), { withinMs: 60_000, what: 'the registry answers' }),
      ended.then(() => {
        throw new Error(`The registry ended: ${readFileSync(join(folder, 'log'), 'utf8')}`);
      }),
    ]);
    ended.catch(() => undefined);
  };
  const crash = async (): Promise<void> => {
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  };
  await up();
  return {
    port,
    where,
    user,
    password,
    version: execFileSync('docker-registry', ['--version'], { encoding: 'utf8' }).trim().split(' ').slice(-1)[0]!,
    up,
    crash,
    pause: () => void server?.kill('SIGSTOP'),
    resume: () => void server?.kill('SIGCONT'),
    uploading: () => uploads(join(folder, 'storage')),
    async close() {
      await crash();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Takes away what tests with this registry have left on an engine. */
export async function sweepTestImages(engine: Engine, { where }: { readonly where: string }): Promise<void> {
  for (const { RepoTags, RepoDigests } of await engine.calls.listImages()) {
    const names = [...(RepoTags ?? []), ...(RepoDigests ?? [])].filter((name) => !name.startsWith('<none>'));
    const isOurs = (name: string) =>
      name.startsWith(`${where}/`) || /^edwin-build:commit-(web-[0-9a-f]{6}|test-[a-z]+)-/.test(name);
    if (names.some(isOurs)) for (const name of names) await untagImage(engine, name);
  }
}

function uploads(storage: string): boolean {
  try {
    const files = readdirSync(storage, { recursive: true, encoding: 'utf8' });
    return files.some((file) => /_uploads\/.+\/data$/.test(file) && statSync(join(storage, file)).size > 0);
  } catch {
    return false; // a folder that went while it was read
  }
}
