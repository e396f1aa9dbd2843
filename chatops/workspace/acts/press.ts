import type { Core } from '../core';
import { SlackFailure } from '../failure';
import { findElement } from '../ids';
import { isObject, type Json } from '../json';
import { actionPayload, viewActionPayload } from '../payloads';
import type { Channel, User } from '../people';
import { presentMessage } from '../present';

export interface Press {
  readonly blockId: string;
  readonly actionId: string;
  /** What was chosen, for elements that are no buttons: fields of the action, such as `selected_option`. */
  readonly chosen?: Json;
  /** State of all elements of the message or view. */
  readonly state?: Json;
}

/** A person acts on an element of a message. The element is taken from the message as it stands, never from the page. */
export async function pressInMessage(
  core: Core,
  user: User,
  channel: Channel,
  ts: string,
  press: Press,
): Promise<void> {
  const whispered = core.ephemerals.get(user.id, ts);
  const stored = whispered === undefined ? await core.messages.get(channel.id, ts) : undefined;
  const message = whispered?.message ?? (stored && presentMessage(stored));
  if (message === undefined) throw new SlackFailure('message_not_found');
  const action = actionOf(core, message['blocks'], press);
  const payload = await actionPayload(core, {
    user,
    channel,
    message,
    ephemeral: whispered !== undefined,
    action,
    state: { values: press.state ?? {} },
  });
  await deliver(core, payload);
}

export async function pressInView(core: Core, user: User, viewId: string, press: Press): Promise<void> {
  const view = await core.views.get(viewId, user.id);
  if (view === undefined) throw new SlackFailure('not_found');
  const action = actionOf(core, view['blocks'], press);
  await deliver(core, viewActionPayload(core, user, { ...view, state: { values: press.state ?? {} } }, action));
}

function actionOf(core: Core, blocks: unknown, press: Press): Json {
  const element = findElement(blocks, press.blockId, press.actionId);
  if (element === undefined) throw new SlackFailure('message_not_found');
  const { type, text, value, url, style, confirm, placeholder } = element;
  const own =
    type === 'button'
      ? {
          text,
          ...(value !== undefined && { value }),
          ...(url !== undefined && { url }),
          ...(style !== undefined && { style }),
        }
      : { ...(isObject(placeholder) && { placeholder }) };
  return {
    type,
    block_id: press.blockId,
    action_id: press.actionId,
    ...own,
    ...(confirm !== undefined && { confirm }),
    ...press.chosen,
    action_ts: core.nextTs(),
  };
}

async function deliver(core: Core, payload: Json): Promise<void> {
  const outcome = await core.envelopes.ask('interactive', payload);
  if (!outcome.ok) throw new SlackFailure(outcome.error);
}
