import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Running {
  readonly id: string;
  readonly pid: number;
  readonly service: string;
  /** Started in place of one that had been killed. */
  readonly replaces: boolean;
  readonly startedAt: number;
}

/** Running instances of an environment, read from the records in the data folder. */
export function runningInstances(data: string, environment: string): Running[] {
  const folder = join(data, 'instances');
  const read = (id: string, file: string) => JSON.parse(readFileSync(join(folder, id, file), 'utf8'));
  return readdirSync(folder).flatMap((id) => {
    if (!existsSync(join(folder, id, 'started.json')) || existsSync(join(folder, id, 'exit.json'))) return [];
    const { labels } = read(id, 'intent.json').spec;
    if (labels.environment !== environment) return [];
    const { process, at } = read(id, 'started.json');
    return [
      {
        id,
        pid: process.pid,
        service: labels.service,
        replaces: labels.operation === 'keeper' || /-\d+-\d+-\d+$/.test(id),
        startedAt: Date.parse(at),
      },
    ];
  });
}

/**
 * Kills every instance once with SIGKILL, one at a time, at a random moment of its life after `youngestMs`. Those that
 * were started in place of killed ones are spared, else it would never end.
 */
export function killEachOnce(options: {
  data: string;
  environment: string;
  youngestMs: number;
  everyMs: number;
  random: () => number;
}): { stop(): readonly string[] } {
  const killed = new Set<string>();
  const timer = setInterval(() => {
    const found = runningInstances(options.data, options.environment).filter(
      ({ id, replaces, startedAt }) => !replaces && !killed.has(id) && Date.now() - startedAt > options.youngestMs,
    );
    const victim = found[Math.floor(options.random() * found.length)];
    if (!victim) return;
    killed.add(victim.id);
    try {
      process.kill(victim.pid, 'SIGKILL');
    } catch {
      killed.delete(victim.id); // it had ended by itself
    }
  }, options.everyMs);
  return {
    stop() {
      clearInterval(timer);
      return [...killed];
    },
  };
}
