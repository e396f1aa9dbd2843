import { readFileSync, renameSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { EdwinError } from '../errors';
import type { EdgeServer, NewServer, Pool, PoolPolicy } from './edge';
import { ServerPool } from './server-pool';

interface StoredPool extends Pool {
  readonly policy: PoolPolicy;
  readonly servers: readonly (NewServer & { readonly state: EdgeServer['state'] })[];
}

/** All pools. A change is on disk before it is confirmed, so that pools survive whatever ends the edge. */
export class Pools {
  private readonly file: string;
  private readonly known = new Map<string, ServerPool>();
  /** Pools that were never added to, while requests wait for them. */
  private readonly unknown = new Map<string, ServerPool>();
  private saving: Promise<void> = Promise.resolve();
  private next: Promise<void> | undefined;

  /** @param onDamage called when the file could not be read and was set aside */
  constructor(file: string, onDamage: (error: unknown) => void) {
    this.file = file;
    for (const { environment, service, policy, servers } of this.load(onDamage)) {
      const pool = new ServerPool({ environment, service });
      pool.policy = policy;
      for (const server of servers) pool.add({ id: server.id, address: server.address }, server.state);
      this.known.set(`${environment}/${service}`, pool);
    }
  }

  all(): ServerPool[] {
    return [...this.known.values(), ...this.unknown.values()];
  }

  /** Also for a pool that was never added to. */
  get({ environment, service }: Pool): ServerPool {
    const key = `${environment}/${service}`;
    let pool = this.known.get(key) ?? this.unknown.get(key);
    if (!pool) {
      for (const [name, other] of this.unknown) if (other.idle) this.unknown.delete(name);
      pool = new ServerPool({ environment, service });
      this.unknown.set(key, pool);
    }
    return pool;
  }

  async add(name: Pool, server: NewServer, policy: PoolPolicy): Promise<void> {
    const pool = this.get(name);
    pool.policy = policy;
    const key = `${name.environment}/${name.service}`;
    this.unknown.delete(key);
    this.known.set(key, pool);
    pool.add(server, 'ready');
    await this.save();
  }

  async drain(name: Pool, id: string): Promise<void> {
    const server = this.get(name).find(id);
    if (!server)
      throw new EdwinError('edge.unknown-server', `${name.service} in ${name.environment} has no server ${id}.`);
    server.drain();
    await this.save();
  }

  async remove(name: Pool, id: string, force: boolean): Promise<void> {
    const pool = this.get(name);
    const server = pool.find(id);
    if (!server) return;
    const { size } = server.sessions;
    if (size > 0 && !force)
      throw new EdwinError('edge.busy', `${id} still answers ${size} request${size === 1 ? '' : 's'}.`);
    pool.remove(server);
    await this.save();
  }

  /** Changes that come while one is written are written together after it. */
  save(): Promise<void> {
    this.next ??= this.saving
      .catch(() => undefined)
      .then(() => {
        this.next = undefined;
        this.saving = this.write();
        return this.saving;
      });
    return this.next;
  }

  private async write(): Promise<void> {
    const pools: StoredPool[] = [...this.known.values()].map((pool) => ({
      ...pool.name,
      policy: pool.policy,
      servers: pool.all().map(({ id, address, state }) => ({ id, address, state })),
    }));
    const fresh = `${this.file}.new`;
    const file = await open(fresh, 'w', 0o600);
    try {
      await file.writeFile(JSON.stringify({ version: 1, pools }));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, this.file);
  }

  private load(onDamage: (error: unknown) => void): StoredPool[] {
    try {
      return JSON.parse(readFileSync(this.file, 'utf8')).pools;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      renameSync(this.file, `${this.file}.damaged`);
      onDamage(error);
      return [];
    }
  }
}
