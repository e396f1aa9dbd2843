import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessIdentity } from '../process';
import type { InstanceSpec } from './hosts';

/** Written before anything is started. Values of `env` are never on disk. */
export interface Intent {
  readonly spec: Omit<InstanceSpec, 'env'>;
  /** In the environment of the instance's processes, so that they are found when nobody wrote down their ids. */
  readonly mark: string;
  readonly port: number | undefined;
  /** Who is starting it. */
  readonly owner: ProcessIdentity | undefined;
}

export interface Started {
  readonly process: ProcessIdentity;
  readonly at: string;
}

export interface Exit {
  readonly code?: number;
  readonly signal?: string;
  readonly at: string;
}

export interface InstanceRecord {
  readonly intent: Intent;
  readonly started: Started | undefined;
  readonly exit: Exit | undefined;
}

/**
 * What is known of the instances, a folder for each:
 *
 *     intent.json ──► started.json ──► exit.json          stdout.log  stderr.log
 *
 * Each file appears whole and the first writer wins.
 */
export class Records {
  readonly folder: string;
  /** Files that are there never change, except the intent of an instance that has not started. */
  private readonly known = new Map<string, InstanceRecord>();

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.folder = folder;
  }

  path(id: string, file: string): string {
    return join(this.folder, id, file);
  }

  list(): string[] {
    const ids = readdirSync(this.folder).filter((name) => !name.startsWith('.'));
    const there = new Set(ids);
    for (const id of this.known.keys()) if (!there.has(id)) this.known.delete(id);
    return ids;
  }

  read(id: string): InstanceRecord | undefined {
    const known = this.known.get(id);
    const intent = known?.started ? known.intent : this.json<Intent>(id, 'intent.json');
    if (!intent) return undefined;
    const started = known?.started ?? this.json<Started>(id, 'started.json');
    const exit = known?.exit ?? this.json<Exit>(id, 'exit.json');
    const record = { intent, started, exit };
    this.known.set(id, record);
    return record;
  }

  /** False when the id is taken. */
  claim(intent: Intent): boolean {
    const fresh = join(this.folder, `.${randomUUID()}`);
    mkdirSync(fresh);
    writeFileSync(join(fresh, 'intent.json'), JSON.stringify(intent));
    try {
      renameSync(fresh, join(this.folder, intent.spec.id));
      return true;
    } catch (error) {
      rmSync(fresh, { recursive: true, force: true });
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
      throw error;
    }
  }

  /** For an instance whose first starter died before it was started. */
  replaceIntent(intent: Intent): void {
    const fresh = this.path(intent.spec.id, `.${randomUUID()}`);
    writeFileSync(fresh, JSON.stringify(intent));
    renameSync(fresh, this.path(intent.spec.id, 'intent.json'));
  }

  putStarted(id: string, started: Started): void {
    this.putOnce(id, 'started.json', started);
  }

  putExit(id: string, exit: Exit): void {
    this.putOnce(id, 'exit.json', exit);
  }

  remove(id: string): void {
    this.known.delete(id);
    rmSync(join(this.folder, id), { recursive: true, force: true });
  }

  /** Nothing happens when the file is there, or the instance has been removed. */
  private putOnce(id: string, file: string, content: unknown): void {
    const fresh = this.path(id, `.${randomUUID()}`);
    try {
      writeFileSync(fresh, JSON.stringify(content));
      linkSync(fresh, this.path(id, file));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code !== 'EEXIST' && code !== 'ENOENT') throw error;
    } finally {
      rmSync(fresh, { force: true });
    }
  }

  private json<T>(id: string, file: string): T | undefined {
    try {
      return JSON.parse(readFileSync(this.path(id, file), 'utf8')) as T;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      throw error;
    }
  }
}
