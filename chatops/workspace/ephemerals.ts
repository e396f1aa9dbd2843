import type { SlackMessage } from './messages';

const KEPT = 100;

/** A message that only one person sees and that is gone when the page is loaded anew. */
export interface Ephemeral {
  readonly channel: string;
  readonly user: string;
  readonly message: SlackMessage;
}

/** The newest ephemerals of each person, in memory, so that their buttons can be pressed. */
export function createEphemerals(): {
  set(ephemeral: Ephemeral): void;
  get(user: string, ts: string): Ephemeral | undefined;
  remove(user: string, ts: string): void;
} {
  const byUser = new Map<string, Map<string, Ephemeral>>();
  return {
    set(ephemeral) {
      const kept = byUser.get(ephemeral.user) ?? new Map<string, Ephemeral>();
      byUser.set(ephemeral.user, kept.set(ephemeral.message.ts, ephemeral));
      const oldest = kept.keys().next().value;
      if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
    },
    get: (user, ts) => byUser.get(user)?.get(ts),
    remove: (user, ts) => void byUser.get(user)?.delete(ts),
  };
}
