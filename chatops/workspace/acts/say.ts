import type { Core } from '../core';
import { SlackFailure } from '../failure';
import type { StoredMessage } from '../messages';
import type { Channel, User } from '../people';
import { post } from '../posting';

/** A person writes a message. Names after `@` and `#` become mentions, as Slack's composer makes them. */
export async function say(
  core: Core,
  user: User,
  channel: Channel,
  text: string,
  threadTs: string | undefined,
): Promise<StoredMessage> {
  if (text.trim() === '') throw new SlackFailure('no_text');
  if (text.length > 40_000) throw new SlackFailure('msg_too_long');
  const content = { text: linked(core, text), blocks: undefined, attachments: undefined, metadata: undefined };
  return post(core, channel, { user: user.id, threadTs, broadcast: false, kind: 'message', content });
}

function linked(core: Core, text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return escaped
    .replace(/(^|[\s(])@([a-z0-9._-]+)/gi, (whole, before: string, name: string) => {
      const user = core.directory.users.find((candidate) => candidate.name === name.toLowerCase());
      return user === undefined ? whole : `${before}<@${user.id}>`;
    })
    .replace(/(^|[\s(])#([a-z0-9_-]+)/gi, (whole, before: string, name: string) => {
      const channel = core.directory.channel(`#${name.toLowerCase()}`);
      return channel === undefined ? whole : `${before}<#${channel.id}|${channel.name}>`;
    })
    .replace(/(^|\s)(https?:\/\/[^\s|]+)/g, '$1<$2>');
}
