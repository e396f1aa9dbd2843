import { readFileSync } from 'node:fs';
import { type Document, isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { type Catalog, catalogSchema } from './catalog';
import { type CatalogProblem, crossCheck } from './catalog-check';
import { EdwinError } from './errors';

/** @throws `catalog.missing`, `catalog.invalid` */
export function loadCatalog(path: string): Catalog {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new EdwinError('catalog.missing', `There is no catalog at ${path}.`, { cause: error });
  }
  return parseCatalog(text, path);
}

/**
 * Reads a catalog's text. All mistakes are reported at once, each with file and line.
 * @throws `catalog.invalid`
 */
export function parseCatalog(text: string, file: string): Catalog {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const at = (offset: number) => `${file}:${lines.linePos(offset).line}`;
  if (document.errors.length > 0)
    throw invalid(document.errors.map((error) => `${at(error.pos[0])} ${error.message.split('\n')[0]}`));
  const raw: unknown = document.toJS();
  const parsed = catalogSchema.safeParse(raw);
  const crossed = crossCheck(raw);
  if (parsed.success && crossed.length === 0) return parsed.data;
  const problems = [...(parsed.error?.issues.flatMap(flattenUnion) ?? []), ...crossed]
    .map(({ path, message }) => ({
      offset: offsetOf(document, path),
      text: `${path.join('.') || 'catalog'}: ${message}`,
    }))
    .sort((a, b) => a.offset - b.offset);
  throw invalid(problems.map(({ offset, text: problem }) => `${at(offset)} ${problem}`));
}

function invalid(problems: string[]): EdwinError {
  const count = problems.length === 1 ? 'one mistake' : `${problems.length} mistakes`;
  return new EdwinError('catalog.invalid', `The catalog has ${count}:\n  ${problems.join('\n  ')}\n`);
}

/** A mistake in one branch of a union is told as what the nearest branch wants. */
function flattenUnion(issue: z.core.$ZodIssue): CatalogProblem[] {
  if (issue.code === 'invalid_union') {
    const nearest = issue.errors.find((branch) => branch.some((inner) => inner.path.length > 0));
    if (nearest) return nearest.map((inner) => ({ path: [...issue.path, ...inner.path], message: inner.message }));
    return [{ path: issue.path, message: 'is neither of the allowed forms' }];
  }
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...issue.path, key], message: 'is not a key that can stand here' }));
  if (issue.code === 'invalid_key') return issue.issues.map((inner) => ({ path: issue.path, message: inner.message }));
  return [{ path: issue.path, message: issue.message }];
}

/** Where the named value stands; where it is absent, the nearest thing around it. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
      if (pair === undefined) return offset;
      offset = (isScalar(pair.key) ? pair.key.range?.[0] : undefined) ?? offset;
      node = pair.value;
    } else {
      const next: unknown = document.getIn(path.slice(0, path.indexOf(key) + 1), true);
      offset = (next as { range?: [number] } | undefined)?.range?.[0] ?? offset;
      node = next;
    }
  }
  return offset;
}
