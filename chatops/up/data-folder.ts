import { chmodSync, mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EdwinError } from '../../platform/errors';
import { freePort, isFree } from '../../platform/ports';

const NEEDED_BYTES = 200 * 1024 * 1024;

/**
 * Makes the data folder, for its owner alone, and makes sure that something can be written there.
 * @throws `start.data-folder`, `start.disk-full`
 */
export function prepareDataFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
    const probe = join(folder, `.probe-${process.pid}`);
    writeFileSync(probe, 'written');
    rmSync(probe);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw full(folder, error);
    throw new EdwinError(
      'start.data-folder',
      `The data folder ${folder} can not be written: ${(error as Error).message}.`,
      { cause: error },
    );
  }
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < NEEDED_BYTES) throw full(folder, undefined);
}

function full(folder: string, cause: unknown): EdwinError {
  return new EdwinError('start.disk-full', `The disk of ${folder} has less than 200 MB left.`, { cause });
}

export type InternalPorts = Readonly<Record<'edge' | 'edgeAdmin' | 'edgeOps' | 'observability', number>>;

/**
 * Ports between programs: chosen once and kept, so that programs and instances left running go on finding each
 * other. One that something else has taken meanwhile is chosen anew, unless a program of ours holds it.
 */
export async function internalPorts(folder: string, isOurs: (program: string) => boolean): Promise<InternalPorts> {
  const file = join(folder, 'ports.json');
  let kept: Partial<Record<keyof InternalPorts, number>> = {};
  try {
    kept = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // first start
  }
  const chosen = new Set<number>();
  const choose = async (name: keyof InternalPorts): Promise<number> => {
    const port = await portFor(name);
    chosen.add(port);
    return port;
  };
  const portFor = async (name: keyof InternalPorts): Promise<number> => {
    const port = kept[name];
    return port !== undefined && (isOurs(name.startsWith('edge') ? 'edge' : name) || (await isFree(port)))
      ? port
      : freePort(chosen);
  };
  const ports = {
    edge: await choose('edge'),
    edgeAdmin: await choose('edgeAdmin'),
    edgeOps: await choose('edgeOps'),
    observability: await choose('observability'),
  };
  writeFileSync(file, JSON.stringify(ports));
  return ports;
}
