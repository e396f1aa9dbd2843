import type { Hosts, Instance } from '../hosts/hosts';
import type { Cell } from './cell';

/** How old an answer may be for those who wait for a start or an exit: it is told, and then part of the answer. */
export const LISTED_MS = 1_000;

/**
 * What runs, as the hosts tell it. An answer may be shared by callers that accept one of the same age; a start or an
 * exit that is announced meanwhile becomes part of it, so that hosts need not be asked again for each.
 */
export interface Listing {
  /** Instances on all hosts, at most `maxAgeMs` old. */
  all(maxAgeMs: number): Promise<readonly Instance[]>;
  of(cell: Cell, maxAgeMs?: number): Promise<Instance[]>;
  /** To be called with what was just started. */
  note(instance: Instance): void;
  /** To be called after removing something, and when a start failed. */
  stale(): void;
  /** Calls back on every start and exit that is noticed, with the cell of the instance. */
  onChange(callback: (cell: Cell) => void): { stop(): void };
  close(): void;
}

interface Asked {
  readonly at: number;
  readonly answer: Promise<readonly Instance[]>;
  /** What was told since the hosts were asked. */
  readonly news: Map<string, Instance>;
}

export function openListing(hosts: Hosts): Listing {
  let current: Asked | undefined;
  const callbacks = new Set<(cell: Cell) => void>();
  const note = (instance: Instance): void => {
    const before = current?.news.get(instance.id);
    current?.news.set(instance.id, before === undefined ? instance : newer(before, instance));
  };
  const stale = () => {
    current = undefined;
  };
  const watch = hosts.watch(({ instance }) => {
    note(instance);
    const { service, environment } = instance.labels;
    for (const callback of callbacks) callback({ service, environment });
  });
  const all = async (maxAgeMs: number): Promise<readonly Instance[]> => {
    const now = Date.now();
    if (current === undefined || now - current.at > maxAgeMs) {
      const answer = hosts.instances();
      const asked = { at: now, answer, news: new Map() };
      current = asked;
      answer.catch(() => {
        if (current === asked) current = undefined;
      });
    }
    const { answer, news } = current;
    return withNews(await answer, news);
  };
  return {
    all,
    note,
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

function withNews(listed: readonly Instance[], news: ReadonlyMap<string, Instance>): readonly Instance[] {
  if (news.size === 0) return listed;
  const there = new Map(listed.map((instance) => [instance.id, instance]));
  for (const [id, told] of news) {
    const before = there.get(id);
    there.set(id, before === undefined ? told : newer(before, told));
  }
  return [...there.values()];
}

/** The newer of two words about one instance: a later start, or the exit of the same. Else the first one stands. */
function newer(one: Instance, other: Instance): Instance {
  const [a, b] = [one.startedAt.getTime(), other.startedAt.getTime()];
  if (a !== b) return a > b ? one : other;
  return other.state === 'exited' ? other : one;
}
