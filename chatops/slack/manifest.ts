import type { Command } from '../command';

/** Names that Slack keeps for itself; a manifest that has one of them is refused as a whole. */
export const reservedNames = [
  'status',
  'me',
  'join',
  'away',
  'dnd',
  'shrug',
  'remind',
  'msg',
  'feed',
  'who',
  'collapse',
  'expand',
  'leave',
  'open',
  'search',
  'topic',
  'mute',
  'pro',
  'shortcuts',
];

/** `url` is where Slack calls in signed HTTP; without it the app uses Socket Mode. */
export interface ManifestOptions {
  readonly commands: readonly Command[];
  readonly prefix: string;
  readonly url?: string;
}

const scopes = [
  'app_mentions:read',
  'channels:history',
  'channels:read',
  'chat:write',
  'chat:write.public',
  'commands',
  'groups:history',
  'groups:read',
  'im:history',
  'im:write',
  'users:read',
];

/** The Slack app, to be pasted at api.slack.com/apps → From a manifest. Made from the command list. */
export function manifest({ commands, prefix, url }: ManifestOptions) {
  const request = url === undefined ? {} : { url: `${url.replace(/\/+$/, '')}/slack/events` };
  const short = commands.filter((command) => command.short && !reservedNames.includes(`${prefix}${command.name}`));
  const command = (name: string, description: string, usage: string) => ({
    command: `/${name}`,
    description,
    ...(usage !== '' && { usage_hint: usage }),
    should_escape: false,
    ...request,
  });
  return {
    _metadata: { major_version: 2, minor_version: 1 },
    display_information: {
      name: 'Edwin',
      description: 'Deploys, rolls back and explains the services of your product',
      background_color: '#2f5bd8',
    },
    features: {
      app_home: { home_tab_enabled: false, messages_tab_enabled: true, messages_tab_read_only_enabled: false },
      bot_user: { display_name: 'Edwin', always_online: true },
      slash_commands: [
        command('edwin', 'All commands of Edwin; /edwin help lists them', '<command>'),
        ...short.map(({ name, summary, usage }) => command(`${prefix}${name}`, summary, usage)),
      ],
    },
    oauth_config: { scopes: { bot: scopes } },
    settings: {
      event_subscriptions: {
        bot_events: ['app_mention', 'message.im'],
        ...(url !== undefined && { request_url: request.url }),
      },
      interactivity: { is_enabled: true, ...(url !== undefined && { request_url: request.url }) },
      org_deploy_enabled: false,
      socket_mode_enabled: url === undefined,
      token_rotation_enabled: false,
    },
  };
}
