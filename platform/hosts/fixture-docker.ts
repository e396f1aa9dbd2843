import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectEngine } from '../docker/engine';
import type { HostEntry } from '../docker/hosts-file';
import { releaseTag } from '../docker/release-tag';
import { silent } from '../log';
import { testProgram } from './contract-program';

const dockerfile = 'FROM node:24-slim\nWORKDIR /app\nCOPY program.js .\nCMD ["node", "program.js"]\n';

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
