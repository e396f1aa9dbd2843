import type { Core } from '../core';
import { SlackFailure } from '../failure';
import { isObject, type Json } from '../json';
import { closedPayload, submissionPayload } from '../payloads';
import type { User } from '../people';
import { readView } from '../validate/view';
import type { SlackView } from '../views';

/** `errors` go beside their inputs (by block id) and the modal stays. */
export interface SubmitOutcome {
  readonly errors?: Json;
}

/** A person submits a modal; the app's answer decides whether it stays, changes, gets another one on top, or closes. */
export async function submitView(core: Core, user: User, viewId: string, values: Json): Promise<SubmitOutcome> {
  const view = await core.views.get(viewId, user.id);
  if (view === undefined) throw new SlackFailure('not_found');
  const missing = missingInputs(view, values);
  if (missing !== undefined) return { errors: missing };
  const outcome = await core.envelopes.ask(
    'interactive',
    submissionPayload(core, user, { ...view, state: { values } }),
  );
  if (!outcome.ok) throw new SlackFailure(outcome.error);
  const answer = outcome.payload;
  switch (answer['response_action']) {
    case 'errors':
      return { errors: isObject(answer['errors']) ? answer['errors'] : {} };
    case 'update':
      show(core, user, (await core.views.update({ id: viewId }, readView(answer['view'], 'modal'))).view);
      return {};
    case 'push':
      show(core, user, await core.views.push(user.id, readView(answer['view'], 'modal')));
      return {};
    case 'clear':
      await core.views.closeAll(user.id);
      show(core, user, undefined);
      return {};
    default:
      show(core, user, await core.views.close(viewId, user.id));
      return {};
  }
}

/** A person closes a modal: the one on top, or with `cleared` all of them. */
export async function closeView(core: Core, user: User, viewId: string, cleared: boolean): Promise<void> {
  const view = await core.views.get(viewId, user.id);
  if (view === undefined) return;
  const below = cleared || view['clear_on_close'] === true ? undefined : await core.views.close(viewId, user.id);
  if (below === undefined) await core.views.closeAll(user.id);
  show(core, user, below);
  if (view['notify_on_close'] === true) await core.envelopes.ask('interactive', closedPayload(user, view, cleared));
}

/** The page draws the view on top, or none. */
export function show(core: Core, user: { readonly id: string }, view: SlackView | undefined): void {
  core.feed.publish(
    view === undefined ? { type: 'view_closed', to: user.id, data: {} } : { type: 'view', to: user.id, data: { view } },
  );
}

/** Inputs that are not optional and were left empty: Slack's client stops these itself. */
function missingInputs(view: SlackView, values: Json): Json | undefined {
  const errors: Record<string, string> = {};
  for (const block of view['blocks'] as Json[]) {
    if (block['type'] !== 'input' || block['optional'] === true || !isObject(block['element'])) continue;
    const answers = values[String(block['block_id'])];
    const answer = isObject(answers) ? answers[String(block['element']['action_id'])] : undefined;
    if (!isObject(answer) || Object.entries(answer).every(([name, value]) => name === 'type' || isEmpty(value)))
      errors[String(block['block_id'])] = 'Please complete this required field.';
  }
  return Object.keys(errors).length > 0 ? errors : undefined;
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}
