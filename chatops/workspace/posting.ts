import type { Core } from './core';
import { tellEvent } from './events';
import { SlackFailure } from './failure';
import { nameBlocks } from './ids';
import type { NewMessage, SlackMessage, StoredMessage } from './messages';
import type { Channel } from './people';
import { defined, presentMessage } from './present';
import { app, team } from './team';
import type { MessageContent } from './validate/message';

/** Stores a message, shows it on the page and tells the app. Its thread's first message is drawn anew. */
export async function post(
  core: Core,
  channel: Channel,
  message: Omit<NewMessage, 'ts' | 'channel'> & { readonly ts?: string },
): Promise<StoredMessage> {
  const content = { ...message.content, blocks: nameBlocks(message.content.blocks) };
  const stored = await core.messages.insert({
    ...message,
    content,
    channel: channel.id,
    ts: message.ts ?? core.nextTs(),
  });
  show(core, stored);
  if (stored.threadTs !== undefined) await showAgain(core, channel.id, stored.threadTs);
  if (stored.kind === 'message') tellMessage(core, channel, presentMessage(stored));
  return stored;
}

export async function edit(
  core: Core,
  channel: Channel,
  ts: string,
  content: MessageContent,
  change: { readonly editedTs?: string; readonly broadcast?: boolean },
): Promise<StoredMessage> {
  const stored = await core.messages.edit(channel.id, ts, { ...content, blocks: nameBlocks(content.blocks) }, change);
  if (stored === undefined) throw new SlackFailure('message_not_found');
  show(core, stored);
  tellMessage(
    core,
    channel,
    defined({
      type: 'message',
      subtype: 'message_changed',
      message: presentMessage(stored),
      ts: core.nextTs(),
    }) as SlackMessage,
  );
  return stored;
}

export async function remove(core: Core, channel: Channel, message: StoredMessage): Promise<void> {
  await core.messages.remove(channel.id, message.ts);
  core.feed.publish({ type: 'message_deleted', data: { channel: channel.id, ts: message.ts } });
  if (message.threadTs !== undefined) await showAgain(core, channel.id, message.threadTs);
  tellMessage(core, channel, {
    type: 'message',
    subtype: 'message_deleted',
    deleted_ts: message.ts,
    ts: core.nextTs(),
  });
}

/** Shows a message to one person only; `ts` replaces one that was shown. */
export function whisper(
  core: Core,
  target: {
    readonly channel: string;
    readonly user: string;
    readonly threadTs?: string | undefined;
    readonly ts?: string | undefined;
    readonly from?: string;
  },
  content: MessageContent,
): string {
  const ts = target.ts ?? core.nextTs();
  const message = defined({
    type: 'message',
    user: target.from ?? app.userId,
    bot_id: target.from === undefined ? app.botId : undefined,
    team: team.id,
    ts,
    thread_ts: target.threadTs,
    text: content.text,
    blocks: nameBlocks(content.blocks),
    attachments: content.attachments,
    is_ephemeral: true,
  }) as SlackMessage;
  core.ephemerals.set({ channel: target.channel, user: target.user, message });
  core.feed.publish({ type: 'ephemeral', to: target.user, data: { channel: target.channel, message } });
  return ts;
}

export function unwhisper(core: Core, channel: string, user: string, ts: string): void {
  core.ephemerals.remove(user, ts);
  core.feed.publish({ type: 'ephemeral_deleted', to: user, data: { channel, ts } });
}

/** What the page draws: Slack's message, and what only the page sees. */
export function drawn(message: StoredMessage): SlackMessage {
  return message.kind === 'command' ? { ...presentMessage(message), subtype: 'command' } : presentMessage(message);
}

function show(core: Core, message: StoredMessage): void {
  core.feed.publish({ type: 'message', data: { channel: message.channel, message: drawn(message) } });
}

async function showAgain(core: Core, channel: string, ts: string): Promise<void> {
  const message = await core.messages.get(channel, ts);
  if (message !== undefined) show(core, message);
}

function tellMessage(core: Core, channel: Channel, message: SlackMessage): void {
  const event = { ...message, channel: channel.id, channel_type: channel.kind, event_ts: message.ts };
  tellEvent(core, channel.kind === 'im' ? 'message.im' : 'message.channels', event);
  const said =
    typeof message['text'] === 'string' && message['subtype'] === undefined && message['user'] !== app.userId;
  if (said && String(message['text']).includes(`<@${app.userId}>`)) {
    const { channel_type: _type, ...mention } = event;
    tellEvent(core, 'app_mention', { ...mention, type: 'app_mention' });
  }
}
