import type { Core } from './core';
import { VERIFICATION } from './events';
import type { Json } from './json';
import type { Channel, User } from './people';
import type { ResponseTarget } from './responses';
import { app, team } from './team';

const common = { token: VERIFICATION, api_app_id: app.id, enterprise: null, is_enterprise_install: false };
const teamOf = { team: { id: team.id, domain: team.domain } };

/** What is said of the person in every interactive payload. */
function userOf(user: User): Json {
  return { user: { id: user.id, username: user.name, name: user.name, team_id: team.id } };
}

export async function commandPayload(
  core: Core,
  user: User,
  channel: Channel,
  command: string,
  text: string,
): Promise<Json> {
  return {
    token: VERIFICATION,
    team_id: team.id,
    team_domain: team.domain,
    channel_id: channel.id,
    channel_name: channel.kind === 'im' ? 'directmessage' : channel.name,
    user_id: user.id,
    user_name: user.name,
    command,
    text,
    api_app_id: app.id,
    is_enterprise_install: 'false',
    response_url: await responseUrl(core, {
      channel: channel.id,
      user: user.id,
      threadTs: undefined,
      messageTs: undefined,
      messageEphemeral: false,
    }),
    trigger_id: core.triggers.create(user.id),
  };
}

export interface Pressed {
  readonly user: User;
  readonly channel: Channel;
  readonly message: Json & { readonly ts: string };
  readonly ephemeral: boolean;
  readonly action: Json;
  readonly state: Json;
}

export async function actionPayload(
  core: Core,
  { user, channel, message, ephemeral, action, state }: Pressed,
): Promise<Json> {
  const threadTs = typeof message['thread_ts'] === 'string' ? message['thread_ts'] : undefined;
  return {
    type: 'block_actions',
    ...common,
    ...teamOf,
    ...userOf(user),
    container: {
      type: 'message',
      message_ts: message.ts,
      channel_id: channel.id,
      is_ephemeral: ephemeral,
      ...(threadTs && { thread_ts: threadTs }),
    },
    trigger_id: core.triggers.create(user.id),
    channel: { id: channel.id, name: channel.kind === 'im' ? 'directmessage' : channel.name },
    // Slack does not repeat an ephemeral message in the payload.
    ...(!ephemeral && { message }),
    state,
    response_url: await responseUrl(core, {
      channel: channel.id,
      user: user.id,
      threadTs,
      messageTs: message.ts,
      messageEphemeral: ephemeral,
    }),
    actions: [action],
  };
}

export function viewActionPayload(core: Core, user: User, view: Json, action: Json): Json {
  return {
    type: 'block_actions',
    ...common,
    ...teamOf,
    ...userOf(user),
    container: { type: 'view', view_id: view['id'] },
    trigger_id: core.triggers.create(user.id),
    view,
    actions: [action],
  };
}

export function submissionPayload(core: Core, user: User, view: Json): Json {
  return {
    type: 'view_submission',
    ...common,
    ...teamOf,
    ...userOf(user),
    trigger_id: core.triggers.create(user.id),
    view,
    response_urls: [],
  };
}

export function closedPayload(user: User, view: Json, cleared: boolean): Json {
  return { type: 'view_closed', ...common, ...teamOf, ...userOf(user), view, is_cleared: cleared };
}

async function responseUrl(core: Core, target: ResponseTarget): Promise<string> {
  return `${core.deps.url()}/slack/response/${await core.responses.create(target)}`;
}
