import { SlackFailure } from '../failure';
import { presentUser } from '../present';
import { type Methods, needUser, paged } from './method';

export const users: Methods = {
  'users.list': {
    tier: 'tier2',
    token: 'bot',
    run: (core, args) => {
      const { items, response_metadata } = paged(core.directory.users, args, 200);
      return { members: items.map(presentUser), cache_ts: Math.floor(Date.now() / 1000), response_metadata };
    },
  },
  'users.info': {
    tier: 'tier4',
    token: 'bot',
    run: (core, args) => ({ user: presentUser(needUser(core, args['user'])) }),
  },
  'users.lookupByEmail': {
    tier: 'tier3',
    token: 'bot',
    run: (core, args) => {
      const name = /^([^@]+)@example\.test$/.exec(String(args['email'] ?? ''))?.[1];
      const user = core.directory.users.find((candidate) => candidate.name === name && !candidate.isBot);
      if (user === undefined) throw new SlackFailure('users_not_found');
      return { user: presentUser(user) };
    },
  },
};
