import type { Core } from '../core';
import { SlackFailure } from '../failure';
import type { Json } from '../json';
import { commandPayload } from '../payloads';
import type { Channel, User } from '../people';
import { drawn, post, whisper } from '../posting';
import { app, slackbot } from '../team';
import { type MessageContent, readContent } from '../validate/message';

/** `ok: false` means that nothing was done and the text stays in the composer; Slackbot has said why. */
export type CommandOutcome = { readonly ok: true } | { readonly ok: false; readonly error: string };

/**
 * A person sends `/name text`. What they typed is kept in the channel once the app has acknowledged it; the
 * acknowledgement itself may be a message, for the asker only unless it says `in_channel`.
 */
export async function runCommand(
  core: Core,
  user: User,
  channel: Channel,
  line: string,
  threadTs: string | undefined,
): Promise<CommandOutcome> {
  const [, name = '', text = ''] = /^(\/\S+)\s*([\s\S]*)$/.exec(line.trim()) ?? [];
  const refuse = (error: string, sentence: string): CommandOutcome => {
    whisper(core, { channel: channel.id, user: user.id, threadTs, from: slackbot.id }, plain(sentence));
    return { ok: false, error };
  };
  if (threadTs !== undefined) return refuse('not_in_thread', `${name} is not supported in threads. Sorry!`);
  if (core.deps.commands !== undefined && !core.deps.commands.includes(name))
    return refuse('unknown_command', `${name} is not a valid command.`);
  const ts = core.nextTs();
  const outcome = await core.envelopes.ask(
    'slash_commands',
    await commandPayload(core, user, channel, name, text.trim()),
  );
  if (!outcome.ok) return refuse(outcome.error, `${name} failed with the error “${outcome.error}”`);
  const kept = await core.messages.insert({
    channel: channel.id,
    ts,
    user: user.id,
    threadTs: undefined,
    broadcast: false,
    kind: 'command',
    content: plain(line.trim()),
  });
  core.feed.publish({ type: 'message', data: { channel: channel.id, message: drawn(kept) } });
  await answer(core, user, channel, outcome.payload);
  return { ok: true };
}

async function answer(core: Core, user: User, channel: Channel, payload: Json): Promise<void> {
  if (payload['text'] === undefined && payload['blocks'] === undefined && payload['attachments'] === undefined) return;
  try {
    const content = readContent(payload, 'cut');
    if (payload['response_type'] === 'in_channel')
      await post(core, channel, { user: app.userId, threadTs: undefined, broadcast: false, kind: 'message', content });
    else whisper(core, { channel: channel.id, user: user.id }, content);
  } catch (error) {
    if (!(error instanceof SlackFailure)) throw error;
    core.deps.log.warn({ error }, 'The acknowledgement of a command held a message that Slack would not show');
  }
}

function plain(text: string): MessageContent {
  return { text, blocks: undefined, attachments: undefined, metadata: undefined };
}
