import { statSync } from 'node:fs';
import type { Catalog } from './catalog';
import { loadCatalog } from './catalog-file';
import { explain } from './errors';
import type { Logger } from './log';

/**
 * The catalog as its file says now; a changed file is read at the next call. While the file is wrong the last right
 * one stays in force and the log says why. Environments are those of the start: a new one needs a new start.
 * @throws `catalog.missing`, `catalog.invalid` at the first reading
 */
export function openCatalog(path: string, log: Logger): () => Catalog {
  let seen = modified(path);
  let current = loadCatalog(path);
  const { environments } = current;
  return () => {
    const now = modified(path);
    if (now === seen) return current;
    seen = now;
    try {
      current = { ...loadCatalog(path), environments };
    } catch (error) {
      log.warn({ error }, `The changed catalog is not used: ${explain(error)}`);
    }
    return current;
  };
}

function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
