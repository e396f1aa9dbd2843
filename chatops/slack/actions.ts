import type { App, BlockAction, ButtonAction } from '@slack/bolt';
import type { Fleet } from '../../platform/fleet/fleet';
import type { Logger } from '../../platform/log';
import type { Dispatcher } from '../dispatch';
import { RUN_ACTION } from '../refusal';
import type { Answers, Asked } from './answers';
import { paragraph, preformatted, say } from './message';
import { LOG_ACTION, ROLLBACK_ACTION } from './operation-message';
import type { People } from './people';

export interface ActionsOptions {
  readonly app: App;
  readonly dispatcher: Dispatcher;
  readonly fleet: Fleet;
  readonly people: People;
  readonly answers: Answers;
  readonly log: Logger;
}

/**
 * Buttons. A press carries nothing but an id: the facts come from our own rows as they are now, and the command it
 * stands for goes through the dispatcher like any other, as the person who pressed.
 */
export function handleActions(options: ActionsOptions): void {
  const { app, log } = options;
  app.action({ type: 'block_actions' }, async ({ ack, body, action }) => {
    await ack();
    if (action.type !== 'button') return;
    await pressed(options, body, action).catch((error) =>
      log.error({ error, action: action.action_id }, 'A button could not be served'),
    );
  });
}

async function pressed(options: ActionsOptions, body: BlockAction, action: ButtonAction): Promise<void> {
  const { dispatcher, people, answers } = options;
  const channel = body.channel?.id ?? '';
  const asked: Asked = { channel, user: body.user.id, ...(body.response_url && { responseUrl: body.response_url }) };
  const team = body.user.team_id ?? body.team?.id;
  const actor = await people.actor({
    id: body.user.id,
    team,
    ...(body.user.name !== undefined && { name: body.user.name }),
  });
  const run = async (text: string): Promise<void> => {
    const origin = { channel, user: body.user.id };
    const reply = await dispatcher.dispatch(text, actor, {
      place: channel,
      origin,
      delivery: `press:${body.trigger_id}`,
    });
    await answers.give(asked, reply);
  };
  if (action.action_id === RUN_ACTION) {
    const text = await dispatcher.offered(action.value ?? '', actor);
    if (text === undefined)
      return answers.whisper(asked, say('This button is too old, or not yours. Type the command.'));
    if (body.response_url) await answers.takeAway(body.response_url);
    return run(text);
  }
  if (action.action_id !== LOG_ACTION && action.action_id !== ROLLBACK_ACTION) return;
  const refusal = dispatcher.refusal(actor, 'viewer');
  if (refusal !== undefined) return answers.whisper(asked, say(refusal));
  const operation = await options.fleet.operation(Number(action.value));
  const { service, environment } = operation;
  if (action.action_id === LOG_ACTION && operation.logTail.length === 0) return run(`logs ${service} ${environment}`);
  if (action.action_id === LOG_ACTION) {
    const sentence = `The last log lines of ${service} ${operation.to} in ${environment}.`;
    return answers.whisper(asked, say(sentence, [preformatted(operation.logTail)]));
  }
  const [latest] = await options.fleet.history({ service, environment, limit: 1 });
  if (latest?.id !== operation.id || operation.state !== 'done' || operation.from === undefined) {
    const now = latest === undefined ? '' : ` Operation ${latest.id} came after it.`;
    return answers.whisper(
      asked,
      say(`This button is about the past.${now}`, [
        paragraph(`Type /rollback ${service} ${environment} if you mean what serves now.`),
      ]),
    );
  }
  await run(`rollback ${service} ${environment} ${operation.from}`);
}
