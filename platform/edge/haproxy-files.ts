import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EdwinError } from '../errors';

/**
 * Replaces a file of the folder, so that whoever reads it finds the old or the new one, whatever ends this program.
 * @throws `edge.not-written`
 */
export async function replaceFile(folder: string, name: string, text: string): Promise<void> {
  const path = join(folder, name);
  if (text === (await readFile(path, 'utf8').catch(() => undefined))) return;
  // Several programs may write at once; each its own draft.
  const fresh = `${path}.${randomUUID()}.new`;
  try {
    const file = await open(fresh, 'w', 0o644);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true }).catch(() => undefined);
    throw new EdwinError('edge.not-written', `${path} could not be written: ${(error as Error).message}.`, {
      cause: error,
    });
  }
}
