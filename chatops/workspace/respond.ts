import type { Core } from './core';
import { SlackFailure } from './failure';
import { isObject, isTrue, type Json } from './json';
import { edit, post, remove, unwhisper, whisper } from './posting';
import type { ResponseTarget } from './responses';
import { app } from './team';
import { readContent } from './validate/message';

/**
 * A call of a response address: by default shown to the asker only; `in_channel` posts; `replace_original` and
 * `delete_original` act on the message with the button. Undefined means well.
 */
export async function respond(
  core: Core,
  token: string,
  body: unknown,
): Promise<{ status: number; answer: Json } | undefined> {
  const target = await core.responses.use(token);
  if (typeof target === 'string') return { status: 404, answer: { error: target } };
  try {
    await carryOut(core, target, isObject(body) ? body : {});
    return undefined;
  } catch (error) {
    if (!(error instanceof SlackFailure)) throw error;
    return { status: 400, answer: { error: error.error, ...error.details } };
  }
}

async function carryOut(core: Core, target: ResponseTarget, body: Json): Promise<void> {
  const channel = core.directory.channel(target.channel);
  if (channel === undefined) throw new SlackFailure('channel_not_found');
  const original = target.messageTs;
  if (original !== undefined && isTrue(body['delete_original'])) {
    if (target.messageEphemeral) return unwhisper(core, channel.id, target.user, original);
    const message = await core.messages.get(channel.id, original);
    if (message !== undefined) await remove(core, channel, message);
    return;
  }
  const content = readContent(body, 'cut');
  if (original !== undefined && isTrue(body['replace_original'])) {
    if (target.messageEphemeral) whisper(core, { ...target, ts: original }, content);
    else await edit(core, channel, original, content, { editedTs: core.nextTs() });
    return;
  }
  const threadTs = typeof body['thread_ts'] === 'string' ? body['thread_ts'] : target.threadTs;
  if (body['response_type'] === 'in_channel')
    await post(core, channel, { user: app.userId, threadTs, broadcast: false, kind: 'message', content });
  else whisper(core, { channel: channel.id, user: target.user, threadTs }, content);
}
