import { EdwinError } from '../platform/errors';
import type { Queue } from '../platform/queue/queue';

/** The queues of the environments: each is opened when it is first asked for, and then kept. */
export interface EnvironmentQueues {
  /** @throws `queue.unreachable`, `queue.refused`; the next call tries again */
  of(environment: string): Promise<Queue>;
  close(): Promise<void>;
}

/** `addresses`: by environment, credentials included. */
export function environmentQueues(
  addresses: ReadonlyMap<string, { readonly queue: string }>,
  open: (url: string) => Promise<Queue>,
): EnvironmentQueues {
  const opened = new Map<string, Promise<Queue>>();
  return {
    of: async (environment) => {
      const address = addresses.get(environment)?.queue;
      if (address === undefined)
        throw new EdwinError('fleet.unknown-environment', `There is no environment ${environment}.`);
      const known = opened.get(environment);
      if (known) return known;
      const opening = open(address);
      opened.set(environment, opening);
      opening.catch(() => opened.delete(environment));
      return opening;
    },
    close: async () => {
      const all = await Promise.allSettled(opened.values());
      await Promise.all(all.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)));
    },
  };
}
