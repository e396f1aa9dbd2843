import type { Hosts, Instance } from '../hosts/hosts';
import type { Cell } from './cell';

/**
 * What runs, as the hosts tell it. An answer may be shared by callers that accept one of the same age; an exit or a
 * start that is announced makes it stale at once.
 */
export interface Listing {
  /** Instances on all hosts, at most `maxAgeMs` old. */
  all(maxAgeMs: number): Promise<readonly Instance[]>;
  of(cell: Cell, maxAgeMs?: number): Promise<Instance[]>;
  /** To be called after starting, stopping or removing something. */
  stale(): void;
  /** Calls back on every start and exit that is noticed, with the cell of the instance. */
  onChange(callback: (cell: Cell) => void): { stop(): void };
  close(): void;
}

export function openListing(hosts: Hosts): Listing {
  let current: { readonly at: number; readonly answer: Promise<readonly Instance[]> } | undefined;
  const callbacks = new Set<(cell: Cell) => void>();
  const stale = () => {
    current = undefined;
  };
  const watch = hosts.watch(({ instance: { labels } }) => {
    stale();
    for (const callback of callbacks) callback({ service: labels.service, environment: labels.environment });
  });
  const all = (maxAgeMs: number): Promise<readonly Instance[]> => {
    const now = Date.now();
    if (current === undefined || now - current.at > maxAgeMs) {
      const answer = hosts.instances();
      const asked = { at: now, answer };
      current = asked;
      answer.catch(() => {
        if (current === asked) current = undefined;
      });
    }
    return current.answer;
  };
  return {
    all,
    stale,
    async of({ service, environment }, maxAgeMs = 0) {
      const instances = await all(maxAgeMs);
      return instances.filter(({ labels }) => labels.service === service && labels.environment === environment);
    },
    onChange(callback) {
      callbacks.add(callback);
      return { stop: () => void callbacks.delete(callback) };
    },
    close() {
      watch.stop();
      callbacks.clear();
    },
  };
}
