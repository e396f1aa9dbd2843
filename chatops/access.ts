import { EdwinError } from '../platform/errors';
import { type Actor, type Role, roles } from './command';

/** Who may do what. One check for every entrance: commands, mentions, buttons, terminal. */
export interface Access {
  role(actor: Actor): Role | undefined;
  /** Why `actor` may not do what needs `role`, as a sentence; undefined when they may. */
  refusal(actor: Actor, role: Role): string | undefined;
}

/**
 * `spec` lists people for each role: `operator=U1,U2 engineer=U3,cli:alice viewer=*`; ids are those of the door (a
 * Slack user id, `cli:NAME`), `*` is every member. Whoever is in no list has the role `otherwise`, at the terminal
 * `engineer`, since its token lies in a file that only Edwin's owner can read.
 * @throws `config.invalid` when the text can not be read
 */
export function openAccess(spec: string, otherwise: Role): Access {
  const lists = parseRoles(spec);
  const role = (actor: Actor): Role | undefined => {
    if (actor.standing !== 'member') return undefined;
    const bare = /^slack:([A-Z0-9]+)$/.exec(actor.id)?.[1] ?? actor.id;
    const named = [...roles]
      .reverse()
      .find((candidate) => lists.get(candidate)?.has(actor.id) || lists.get(candidate)?.has(bare));
    if (named) return named;
    if (actor.door === 'cli') return 'engineer';
    return [...roles].reverse().find((candidate) => lists.get(candidate)?.has('*')) ?? otherwise;
  };
  return {
    role,
    refusal(actor, wanted) {
      if (actor.standing !== 'member') return strangers[actor.standing];
      const has = role(actor)!;
      if (roles.indexOf(has) >= roles.indexOf(wanted)) return undefined;
      return `${actor.name} is ${article(has)} here, and this needs ${article(wanted)}.`;
    },
  };
}

const strangers = {
  guest: 'Guests of the workspace can not give commands.',
  stranger: 'People of other workspaces can not give commands.',
  bot: 'Bots can not give commands.',
};

const article = (role: Role): string => (role === 'viewer' ? 'a viewer' : `an ${role}`);

function parseRoles(spec: string): Map<Role, Set<string>> {
  const lists = new Map<Role, Set<string>>();
  for (const entry of spec.split(/[\s;]+/).filter(Boolean)) {
    const [name = '', people = ''] = entry.split('=');
    const role = roles.find((candidate) => candidate === name);
    if (!role || people === '')
      throw new EdwinError(
        'config.invalid',
        `CHAT_ROLES: "${entry}" is not ROLE=PERSON,PERSON with one of the roles ${roles.join(', ')}.`,
      );
    lists.set(role, new Set([...(lists.get(role) ?? []), ...people.split(',').filter(Boolean)]));
  }
  return lists;
}
