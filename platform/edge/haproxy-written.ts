import { setTimeout as pause } from 'node:timers/promises';
import { EdwinError } from '../errors';
import type { Workers } from './haproxy-answers';
import { NoAnswer } from './haproxy-cli';
import { grown, poolsConfiguration, poolsMap, slotOf } from './haproxy-config';
import { replaceFile } from './haproxy-files';
import type { Master } from './haproxy-master';

/** This many slots are kept free, so that a new pool never waits for more. */
const FREE_SLOTS = 4;
const LEAST_SLOTS = 64;
const RELOAD_LIMIT_MS = 4_000;
const LOOK_EVERY_MS = 20;

/** Keeps what HAProxy reads at its next start equal to what it does now. */
export class Written {
  private readonly master: Master;
  private saving: Promise<void> = Promise.resolve();
  private next: Promise<void> | undefined;

  constructor(master: Master) {
    this.master = master;
  }

  /** Resolves when everything up to now is in the files. Changes that come while they are written wait together. */
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

  /**
   * Other programs may write as well. Each writes what HAProxy says after its own change, and again until HAProxy says
   * what it wrote: so the last one to write has written the truth, without a lock.
   */
  private async write(): Promise<void> {
    for (let written = ''; ; ) {
      const [entries, slots] = await Promise.all([this.master.entries(), this.master.slots()]);
      const [map, configuration] = [poolsMap(entries), poolsConfiguration(slots)];
      if (map + configuration === written) return;
      // First the map: a slot without servers is harmless, servers in a slot that the map does not know are lost.
      await replaceFile(this.master.folder, 'pools.map', map);
      await replaceFile(this.master.folder, 'pools.cfg', configuration);
      written = map + configuration;
    }
  }

  /**
   * Doubles the slots while a few are still free, by the only reload there ever is. Gives the processes after it.
   * @throws `edge.not-written` when HAProxy does not take its configuration
   */
  async grow(workers: Workers): Promise<Workers> {
    const slots = await this.master.slots();
    const taken = new Set([...(await this.master.entries()).values()].map(slotOf));
    const free = slots.filter(({ name }) => !taken.has(name)).length;
    if (free >= FREE_SLOTS) return workers;
    const more = grown(slots, Math.max(LEAST_SLOTS, slots.length * 2));
    await this.save();
    await replaceFile(this.master.folder, 'pools.cfg', poolsConfiguration(more));
    await this.master.ask('reload').catch(() => undefined); // the master ends its connections when it reloads
    return this.reloaded(workers);
  }

  private async reloaded(before: Workers): Promise<Workers> {
    for (const limit = Date.now() + RELOAD_LIMIT_MS; ; await pause(LOOK_EVERY_MS)) {
      const workers = await this.master.workers().catch((error: unknown) => {
        if (error instanceof NoAnswer) return undefined;
        throw error;
      });
      if (workers && workers.failed > before.failed)
        throw new EdwinError(
          'edge.not-written',
          `HAProxy at ${this.master.shown} did not take ${this.master.folder}/pools.cfg.`,
        );
      if (workers && workers.current !== before.current) return workers;
      if (Date.now() > limit) throw new NoAnswer('its reload did not end');
    }
  }
}
