import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { AFTERLIFE_MS, openRealSystem } from '../engines/system';
import type { RunningEdwin } from '../scenarios/edwin';
import { until } from '../until';
import { isReplacement, runningInstances, type Victim } from './kill';

/** Where a benchmark runs: on this machine's processes, or on real servers. */
export interface World {
  readonly env: Readonly<Record<string, string>>;
  /** Address of this machine that instances reach. */
  readonly address: string;
  edgeUrl(edwin: RunningEdwin): Promise<string>;
  victims(edwin: RunningEdwin): Promise<Victim[]>;
  readonly faults: readonly Fault[];
  close(): Promise<void>;
}

/** Something that happens when so much of the messages is sent. */
interface Fault {
  readonly share: number;
  readonly sentence: string;
  happen(): Promise<unknown>;
}

export function localWorld(): World {
  return {
    env: {},
    address: '127.0.0.1',
    async edgeUrl(edwin) {
      const text = await (await fetch(`${edwin.url}/api/board`)).text();
      const found = /"url":"(http:\/\/127\.0\.0\.1:\d+)\/stage\/gateway"/.exec(text);
      if (!found?.[1]) throw new Error('the board names no address of gateway in stage');
      return found[1];
    },
    async victims({ data }) {
      return runningInstances(data, 'stage').map(({ id, pid, service, operation, startedAt }) => ({
        id,
        service,
        replaces: isReplacement(id, operation),
        startedAt,
        kill: () => process.kill(pid, 'SIGKILL'),
      }));
    },
    faults: [],
    close: async () => undefined,
  };
}

const run = promisify(execFile);

/** Needs the folder of control scripts, EDWIN_TEST_ENGINES, beside the variables that say where the servers are. */
export async function realWorld(set: NodeJS.ProcessEnv): Promise<World> {
  const scripts = set['EDWIN_TEST_ENGINES'];
  if (!scripts) throw new Error('EDWIN_TEST_ENGINES is not set: nothing could be disturbed');
  const system = await openRealSystem(set);
  const control = (engine: string, ...verb: string[]) => run(join(scripts, engine), verb, { timeout: 120_000 });
  const victim = (system.hosts.at(-1)?.name ?? '').replace(/^h/, '');
  let cutAt = 0;
  const cut = async (): Promise<void> => {
    await control('hosts', 'off', victim);
    cutAt = Date.now();
  };
  const mend = async (): Promise<void> => {
    await pause(Math.max(0, cutAt + AFTERLIFE_MS - Date.now()));
    await control('hosts', 'up', victim);
  };
  const crash = async (): Promise<void> => {
    await control('rabbitmq', 'crash');
    // On a machine this busy the killed one may hold its port for seconds, and parts of the start may take longer than
    // its script gives them; what has started stays.
    await until(() => control('rabbitmq', 'up'), { what: 'RabbitMQ is up again', withinMs: 60_000 });
  };
  return {
    env: system.env,
    address: system.address,
    edgeUrl: async () => system.edgeUrl,
    victims: async () =>
      (await system.instances('stage')).map((instance) => ({
        ...instance,
        replaces: isReplacement(instance.id, instance.operation),
        kill: () => system.kill(instance),
      })),
    faults: [
      { share: 0.2, sentence: `power of host ${victim} cut`, happen: cut },
      { share: 0.45, sentence: 'RabbitMQ killed with -9 and started again', happen: crash },
      { share: 0.7, sentence: `power of host ${victim} back`, happen: mend },
    ],
    async close() {
      await control('hosts', 'up', victim).catch(() => undefined);
      await system.close();
    },
  };
}

/** Lets faults happen, one after the other, as messages are sent. */
export function schedule(faults: readonly Fault[]) {
  const began = Date.now();
  const waiting = [...faults].sort((a, b) => a.share - b.share);
  const happened: string[] = [];
  let last: Promise<void> = Promise.resolve();
  return {
    at(share: number): void {
      while (waiting[0] && waiting[0].share <= share) {
        const fault = waiting.shift() as Fault;
        last = last.then(async () => {
          const seconds = ((Date.now() - began) / 1000).toFixed(1);
          await fault.happen();
          happened.push(`${fault.sentence}, at ${seconds} s`);
        });
        last.catch((error: unknown) => console.log(`  ${fault.sentence}: failed`, error));
      }
    },
    /** Resolves when all have happened; rejects when one could not. */
    async over(): Promise<readonly string[]> {
      this.at(1);
      await last;
      return happened;
    },
  };
}
