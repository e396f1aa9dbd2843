import { randomBytes } from 'node:crypto';
import { SlackFailure } from './failure';

const LIFE_MS = 3000;
/** Used and expired ones are remembered so long, to be told apart from unknown ones. */
const MEMORY_MS = 60_000;

export interface Triggers {
  /** A `trigger_id` for something that `user` just did. */
  create(user: string): string;
  /** The user who did it. @throws SlackFailure `invalid_trigger_id`, `expired_trigger_id`, `exchanged_trigger_id` */
  use(id: unknown): string;
}

/** Each may open one view, within three seconds. */
export function createTriggers(now: () => number): Triggers {
  const known = new Map<string, { user: string; at: number; used: boolean }>();
  return {
    create(user) {
      for (const [id, { at }] of known) {
        if (now() - at < MEMORY_MS) break;
        known.delete(id);
      }
      const id = `${now()}.${randomBytes(5).readUIntBE(0, 5)}.${randomBytes(16).toString('hex')}`;
      known.set(id, { user, at: now(), used: false });
      return id;
    },
    use(id) {
      const trigger = typeof id === 'string' ? known.get(id) : undefined;
      if (trigger === undefined) throw new SlackFailure('invalid_trigger_id');
      if (trigger.used) throw new SlackFailure('exchanged_trigger_id');
      if (now() - trigger.at > LIFE_MS) throw new SlackFailure('expired_trigger_id');
      trigger.used = true;
      return trigger.user;
    },
  };
}
