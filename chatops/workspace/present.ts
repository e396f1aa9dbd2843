import type { Json } from './json';
import type { SlackMessage, StoredMessage } from './messages';
import type { Channel, User } from './people';
import { app, team } from './team';

/** A message as the Web API and events show it. */
export function presentMessage(message: StoredMessage): SlackMessage {
  const { content, replies, threadTs } = message;
  const fromApp = message.user === app.userId;
  return defined({
    type: 'message',
    subtype: message.broadcast ? 'thread_broadcast' : undefined,
    user: message.user,
    bot_id: fromApp ? app.botId : undefined,
    app_id: fromApp ? app.id : undefined,
    team: team.id,
    text: content.text,
    blocks: content.blocks,
    attachments: content.attachments,
    metadata: content.metadata,
    ts: message.ts,
    thread_ts: threadTs ?? (replies && message.ts),
    reply_count: replies?.count,
    reply_users: replies?.users,
    reply_users_count: replies?.users.length,
    latest_reply: replies?.latest,
    edited: message.editedTs && { user: message.user, ts: message.editedTs },
    reactions:
      message.reactions.length > 0
        ? message.reactions.map((reaction) => ({ ...reaction, count: reaction.users.length }))
        : undefined,
  }) as SlackMessage;
}

export function presentUser(user: User): Json {
  return {
    id: user.id,
    team_id: team.id,
    name: user.name,
    real_name: user.realName,
    deleted: false,
    is_bot: user.isBot,
    is_app_user: false,
    is_restricted: false,
    is_ultra_restricted: false,
    is_admin: false,
    is_owner: false,
    tz: 'UTC',
    tz_offset: 0,
    updated: 0,
    profile: {
      real_name: user.realName,
      display_name: user.name,
      ...(!user.isBot && { email: `${user.name}@example.test` }),
      team: team.id,
    },
  };
}

export function presentChannel(channel: Channel, members: number): Json {
  const common = {
    id: channel.id,
    created: Math.floor(channel.createdAt.getTime() / 1000),
    is_archived: false,
    context_team_id: team.id,
  };
  if (channel.kind === 'im') return { ...common, is_im: true, is_channel: false, user: channel.imUser, is_open: true };
  return {
    ...common,
    name: channel.name,
    name_normalized: channel.name,
    is_channel: true,
    is_im: false,
    is_group: false,
    is_mpim: false,
    is_private: false,
    is_general: false,
    is_member: true,
    num_members: members,
    topic: { value: channel.topic, creator: app.userId, last_set: 0 },
    purpose: { value: channel.topic, creator: app.userId, last_set: 0 },
  };
}

/** Without the fields that are undefined, as JSON would leave them out. */
export function defined(fields: Json): Json {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
