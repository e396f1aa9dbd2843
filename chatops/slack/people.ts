import type { Logger } from '../../platform/log';
import type { Actor } from '../command';

/** What Slack tells about a user; names are for show, never for rights. */
export interface SlackUser {
  readonly name?: string;
  readonly real_name?: string;
  readonly team_id?: string;
  readonly deleted?: boolean;
  readonly is_bot?: boolean;
  readonly is_restricted?: boolean;
  readonly is_ultra_restricted?: boolean;
  readonly is_stranger?: boolean;
  readonly is_workflow_bot?: boolean;
  readonly profile?: { readonly display_name?: string };
}

/** Who is behind a user id, asked once in ten minutes. Whoever can not be looked up is a stranger until they can. */
export interface People {
  actor(user: { id: string; team: string | undefined; name?: string }): Promise<Actor>;
}

const KEEP_MS = 10 * 60_000;

export function openPeople({
  info,
  ownTeam,
  log,
}: {
  info(id: string): Promise<SlackUser>;
  ownTeam(): string;
  log: Logger;
}): People {
  const known = new Map<string, { until: number; user: Promise<SlackUser> }>();
  const lookUp = (id: string): Promise<SlackUser> => {
    const entry = known.get(id);
    if (entry && entry.until > Date.now()) return entry.user;
    const user = info(id);
    known.set(id, { until: Date.now() + KEEP_MS, user });
    user.catch(() => known.delete(id));
    return user;
  };
  return {
    async actor({ id, team, name }) {
      const base = { id: `slack:${id}`, door: 'slack' as const };
      if (team !== undefined && team !== ownTeam()) return { ...base, name: name ?? id, standing: 'stranger' };
      try {
        const user = await lookUp(id);
        return {
          ...base,
          name: user.profile?.display_name || user.name || user.real_name || id,
          standing: standingOf(user, ownTeam()),
        };
      } catch (error) {
        log.warn({ error, user: id }, 'A user could not be looked up and is treated as a stranger');
        return { ...base, name: name ?? id, standing: 'stranger' };
      }
    },
  };
}

export function standingOf(user: SlackUser, ownTeam: string): Actor['standing'] {
  if (user.is_bot || user.is_workflow_bot) return 'bot';
  if (user.is_stranger || user.deleted || (user.team_id !== undefined && user.team_id !== ownTeam)) return 'stranger';
  return user.is_restricted || user.is_ultra_restricted ? 'guest' : 'member';
}
