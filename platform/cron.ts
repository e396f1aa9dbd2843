import cron from 'node-cron';
import { EdwinError } from './errors';
import type { Logger } from './log';

/** Something that a clock starts again and again. */
export interface Ticking {
  /** No further run; resolves when the one at work has ended. */
  stop(): Promise<void>;
}

export interface TickingOptions {
  /** What runs, for the log. */
  readonly name: string;
  /** Cron pattern, with seconds if it has six fields; by UTC. */
  readonly pattern: string;
  /** Name of the setting the pattern comes from. */
  readonly setting: string;
  readonly log: Logger;
}

/**
 * Runs `work` at once, to make up for what was missed, and then by the pattern; never two at a time in this process. A
 * run that fails is logged and the next one is not affected.
 * @throws `config.invalid` for a pattern that is none.
 */
export function startTicking({ name, pattern, setting, log }: TickingOptions, work: () => Promise<unknown>): Ticking {
  if (!cron.validate(pattern)) throw new EdwinError('config.invalid', `${setting}: “${pattern}” is no cron pattern.`);
  let running: Promise<void> | undefined;
  let failures = 0;
  const run = (): void => {
    running ??= work()
      .then(
        () => {
          failures = 0;
        },
        (error: unknown) => {
          if (failures++ === 0) log.warn({ error }, `${name} failed; it is tried again at its next time`);
        },
      )
      .finally(() => {
        running = undefined;
      });
  };
  const task = cron.schedule(pattern, run, { name, timezone: 'UTC', suppressMissedWarning: true });
  run();
  return {
    stop: async () => {
      await task.destroy();
      await running;
    },
  };
}
