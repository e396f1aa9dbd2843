import { isTimestamp } from '../clock';
import type { Core } from '../core';
import { SlackFailure } from '../failure';
import { isTrue, type Json } from '../json';
import type { StoredMessage } from '../messages';
import type { Channel } from '../people';
import { edit, post, remove, whisper } from '../posting';
import { presentMessage } from '../present';
import { app } from '../team';
import { readContent } from '../validate/message';
import { type Methods, needChannel } from './method';

export const chat: Methods = {
  'chat.postMessage': {
    tier: 'posting',
    token: 'bot',
    run: async (core, args) => {
      const channel = needChannel(core, args);
      const threadTs = await threadOf(core, channel, args);
      const content = readContent(args, 'cut');
      const broadcast = threadTs !== undefined && isTrue(args['reply_broadcast']);
      const stored = await post(core, channel, { user: app.userId, threadTs, broadcast, kind: 'message', content });
      return { channel: channel.id, ts: stored.ts, message: presentMessage(stored) };
    },
  },
  'chat.update': {
    tier: 'tier3',
    token: 'bot',
    run: async (core, args) => {
      const channel = needChannel(core, args);
      const before = await ownMessage(core, channel, args['ts'], 'cant_update_message');
      const given = readContent(withRetained(args, before), 'refuse');
      // Text without blocks removes the blocks; blocks without text keep the text.
      const text = args['text'] === undefined && args['markdown_text'] === undefined ? before.content.text : given.text;
      const content = {
        ...given,
        text,
        metadata: args['metadata'] === undefined ? before.content.metadata : given.metadata,
      };
      const broadcast = before.threadTs !== undefined && isTrue(args['reply_broadcast']);
      const stored = await edit(core, channel, before.ts, content, {
        ...(text !== before.content.text && { editedTs: core.nextTs() }),
        ...(broadcast && { broadcast }),
      });
      return { channel: channel.id, ts: stored.ts, text: stored.content.text, message: presentMessage(stored) };
    },
  },
  'chat.delete': {
    tier: 'tier3',
    token: 'bot',
    run: async (core, args) => {
      const channel = needChannel(core, args);
      const message = await ownMessage(core, channel, args['ts'], 'cant_delete_message');
      await remove(core, channel, message);
      return { channel: channel.id, ts: message.ts };
    },
  },
  'chat.postEphemeral': {
    tier: 'tier4',
    token: 'bot',
    run: async (core, args) => {
      const channel = needChannel(core, args);
      const user = core.directory.user(args['user']);
      if (user === undefined || !core.directory.members(channel).includes(user.id))
        throw new SlackFailure('user_not_in_channel');
      const threadTs = await threadOf(core, channel, args);
      return { message_ts: whisper(core, { channel: channel.id, user: user.id, threadTs }, readContent(args, 'cut')) };
    },
  },
  'chat.getPermalink': {
    tier: 'free',
    token: 'bot',
    run: async (core, args) => {
      const channel = needChannel(core, args);
      const message = isTimestamp(args['message_ts'])
        ? await core.messages.get(channel.id, args['message_ts'])
        : undefined;
      if (message === undefined) throw new SlackFailure('message_not_found');
      return { channel: channel.id, permalink: permalink(core, message) };
    },
  },
};

function permalink(core: Core, message: StoredMessage): string {
  const thread = message.threadTs === undefined ? '' : `?thread_ts=${message.threadTs}`;
  return `${core.deps.url()}/#message/${message.channel}/${message.ts}${thread}`;
}

/** Argument `ts` of the app's own message. */
async function ownMessage(core: Core, channel: Channel, ts: unknown, refusal: string): Promise<StoredMessage> {
  const message = isTimestamp(ts) ? await core.messages.get(channel.id, ts) : undefined;
  if (message === undefined || message.kind === 'command') throw new SlackFailure('message_not_found');
  if (message.user !== app.userId) throw new SlackFailure(refusal);
  return message;
}

/** Replies to a reply go to the same thread, as at Slack. */
async function threadOf(core: Core, channel: Channel, args: Json): Promise<string | undefined> {
  const ts = args['thread_ts'];
  if (ts === undefined || ts === '') return undefined;
  if (!isTimestamp(ts)) throw new SlackFailure('invalid_thread_ts');
  const message = await core.messages.get(channel.id, ts);
  if (message === undefined) throw new SlackFailure('thread_not_found');
  return message.threadTs ?? message.ts;
}

/** An edit that only broadcasts or changes metadata keeps what the message says. */
function withRetained(args: Json, before: StoredMessage): Json {
  const says = ['text', 'blocks', 'attachments', 'markdown_text'].some((name) => args[name] !== undefined);
  if (says || (args['metadata'] === undefined && !isTrue(args['reply_broadcast']))) return args;
  return { ...args, text: before.content.text, ...(before.content.blocks && { blocks: before.content.blocks }) };
}
