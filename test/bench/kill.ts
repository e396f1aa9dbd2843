import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A running instance that a benchmark may kill. */
export interface Victim {
  readonly id: string;
  readonly service: string;
  /** Started in place of one that had been killed. */
  readonly replaces: boolean;
  readonly startedAt: number;
  kill(): Promise<unknown> | unknown;
}

interface Running {
  readonly id: string;
  readonly pid: number;
  readonly service: string;
  readonly operation: string;
  readonly startedAt: number;
}

/** Running local instances of an environment, read from the records in the data folder. */
export function runningInstances(data: string, environment: string): Running[] {
  const folder = join(data, 'instances');
  const read = (id: string, file: string) => JSON.parse(readFileSync(join(folder, id, file), 'utf8'));
  return readdirSync(folder).flatMap((id) => {
    if (!existsSync(join(folder, id, 'started.json')) || existsSync(join(folder, id, 'exit.json'))) return [];
    const { labels } = read(id, 'intent.json').spec;
    if (labels.environment !== environment) return [];
    const { process: identity, at } = read(id, 'started.json');
    const { service, operation } = labels;
    return [{ id, pid: identity.pid, service, operation, startedAt: Date.parse(at) }];
  });
}

export function isReplacement(id: string, operation: string): boolean {
  return operation === 'keeper' || /-\d+-\d+-\d+$/.test(id);
}

/**
 * Kills every instance once with SIGKILL, one at a time, at a random moment of its life after `youngestMs`. Those that
 * were started in place of killed ones are spared, else it would never end.
 */
export function killEachOnce(options: {
  victims: () => Promise<Victim[]> | Victim[];
  youngestMs: number;
  everyMs: number;
  random: () => number;
}): { stop(): readonly string[] } {
  const killed = new Set<string>();
  let busy = false;
  const killOne = async (): Promise<void> => {
    const found = (await options.victims()).filter(
      ({ id, replaces, startedAt }) => !replaces && !killed.has(id) && Date.now() - startedAt > options.youngestMs,
    );
    const victim = found[Math.floor(options.random() * found.length)];
    if (!victim) return;
    killed.add(victim.id);
    try {
      await victim.kill();
    } catch {
      killed.delete(victim.id); // it had ended by itself
    }
  };
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    void killOne()
      .catch(() => undefined) // its host is away
      .finally(() => {
        busy = false;
      });
  }, options.everyMs);
  return {
    stop() {
      clearInterval(timer);
      return [...killed];
    },
  };
}
