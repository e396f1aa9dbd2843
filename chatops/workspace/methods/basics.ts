import { isTimestamp } from '../clock';
import { SOCKET_PATH } from '../core';
import { SlackFailure } from '../failure';
import { app, team } from '../team';
import { type Methods, needChannel } from './method';

export const basics: Methods = {
  'api.test': { tier: 'free', token: 'bot', run: (_core, args) => ({ args }) },
  'auth.test': {
    tier: 'free',
    token: 'bot',
    run: (core) => ({
      url: `${core.deps.url()}/`,
      team: team.name,
      user: app.name,
      team_id: team.id,
      user_id: app.userId,
      bot_id: app.botId,
      is_enterprise_install: false,
    }),
  },
  'apps.connections.open': {
    tier: 'free',
    token: 'app',
    run: (core) => ({
      url: `${core.deps.url().replace(/^http/, 'ws')}${SOCKET_PATH}?ticket=${core.sockets.ticket()}&app_id=${app.id}`,
    }),
  },
  'bots.info': {
    tier: 'tier3',
    token: 'bot',
    run: (_core, args) => {
      if (args['bot'] !== app.botId) throw new SlackFailure('bot_not_found');
      return {
        bot: {
          id: app.botId,
          deleted: false,
          name: app.realName,
          updated: 0,
          app_id: app.id,
          user_id: app.userId,
          icons: {},
        },
      };
    },
  },
  'team.info': {
    tier: 'tier3',
    token: 'bot',
    run: () => ({ team: { id: team.id, name: team.name, domain: team.domain } }),
  },
  'usergroups.list': { tier: 'tier2', token: 'bot', run: () => ({ usergroups: [] }) },
  'reactions.add': {
    tier: 'tier3',
    token: 'bot',
    run: async (core, args) => {
      const channel = needChannel(core, args);
      const name = String(args['name'] ?? '').replaceAll(':', '');
      if (!/^[a-z0-9_+'-]{1,100}$/.test(name)) throw new SlackFailure('invalid_name');
      if (!isTimestamp(args['timestamp'])) throw new SlackFailure('bad_timestamp');
      if ((await core.messages.get(channel.id, args['timestamp'])) === undefined)
        throw new SlackFailure('message_not_found');
      if (!(await core.messages.react(channel.id, args['timestamp'], name, app.userId)))
        throw new SlackFailure('already_reacted');
      return {};
    },
  },
};
