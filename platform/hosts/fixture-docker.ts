import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectEngine } from '../docker/engine';
import { openEngines } from '../docker/engines';
import type { HostEntry } from '../docker/hosts-file';
import { releaseTag } from '../docker/release-tag';
import { silent } from '../log';
import type { HostsFixture } from './contract-bench';
import { testProgram } from './contract-program';
import { openHosts } from './open';

const dockerfile = 'FROM node:24-slim\nWORKDIR /app\nCOPY program.js .\nCMD ["node", "program.js"]\n';

/** A folder for hosts files, removed at the end. */
export function hostsFolder(): { readonly folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'edwin-docker-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Writes a hosts file and gives its address. */
export function writeHosts(folder: string, hosts: readonly object[], name = 'hosts.yaml'): string {
  writeFileSync(join(folder, name), JSON.stringify({ hosts }));
  return `docker:${join(folder, name)}`;
}

/** `h1=tcp://…,h2=tcp://…` as entries of a hosts file. */
export function entriesOf(setting: string, tls: string): { name: string; engine: string; tls: string }[] {
  return setting.split(',').map((pair) => {
    const [name, engine] = pair.split('=');
    return { name: name!, engine: engine!, tls };
  });
}

/** The contract's fixture for hosts at `url`; the test program is put on all of them. */
export async function dockerFixture(url: string, folder: string): Promise<HostsFixture> {
  const engines = openEngines(url, silent);
  try {
    const hosts = engines.list().map(({ host }) => host);
    const [version, image] = await Promise.all([engines.list()[0]!.calls.version(), putTestImage(hosts)]);
    return {
      version: version.Version,
      meaningless: { redelivery: 'nothing is delivered' },
      open: () => openHosts(url, { data: folder, log: silent }),
      image,
      command: ['node', 'program.js'],
      host: hosts[0]!.name,
      tester: '10.77.0.1',
      close: async () => undefined,
    };
  } finally {
    engines.close();
  }
}

/** Puts the image with the test program on every host, as `Images.ensure` would, and gives its digest. */
export async function putTestImage(hosts: readonly HostEntry[]): Promise<string> {
  const digest = `sha256:${createHash('sha256').update(dockerfile).update(testProgram).digest('hex')}`;
  const context = mkdtempSync(join(tmpdir(), 'edwin-image-'));
  writeFileSync(join(context, 'Dockerfile'), dockerfile);
  writeFileSync(join(context, 'program.js'), testProgram);
  try {
    await Promise.all(hosts.map((host) => build(host, context, releaseTag(digest))));
  } finally {
    rmSync(context, { recursive: true });
  }
  return digest;
}

async function build(host: HostEntry, context: string, tag: string): Promise<void> {
  const { streams, close } = connectEngine(host, silent);
  try {
    const there = await streams
      .getImage(tag)
      .inspect()
      .catch(() => undefined);
    if (there) return;
    const stream = await streams.buildImage({ context, src: ['Dockerfile', 'program.js'] }, { t: tag });
    await new Promise<void>((resolve, reject) => {
      streams.modem.followProgress(stream, (error, output: { error?: string }[]) => {
        const failed = error ?? output.find((each) => each.error)?.error;
        if (failed) reject(new Error(`The test image could not be built on ${host.name}: ${String(failed)}`));
        else resolve();
      });
    });
  } finally {
    close();
  }
}

/** TLS credentials that no engine knows, beside the right authority. */
export function foreignCredentials(tls: string, folder: string): string {
  const foreign = join(folder, 'foreign');
  mkdirSync(foreign);
  copyFileSync(join(tls, 'ca.pem'), join(foreign, 'ca.pem'));
  const files = ['-keyout', join(foreign, 'key.pem'), '-out', join(foreign, 'cert.pem')];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  execFileSync('openssl', ['req', '-x509', ...key, '-days', '2', '-subj', '/CN=stranger', ...files], {
    stdio: 'ignore',
  });
  return foreign;
}
