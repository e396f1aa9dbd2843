import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTrace, type Trace } from '../../autoscaler/simulate/trace';

/** CSV files of a folder, sorted by name. Throws when there is none. */
export function traceFiles(folder: string): string[] {
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.csv')) : [];
  if (files.length === 0)
    throw new Error(`${folder} holds no CSV file; name a folder of load curves with --traces or EDWIN_TRACES`);
  return files.sort().map((name) => join(folder, name));
}

export const traceIn = (file: string): Trace =>
  readTrace(file.replace(/^.*[/\\]|\.csv$/g, ''), readFileSync(file, 'utf8'));

export const tracesIn = (folder: string): Trace[] => traceFiles(folder).map(traceIn);
