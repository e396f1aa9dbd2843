import type { App, Context } from '@slack/bolt';
import type { Logger } from '../../platform/log';
import { acknowledgements } from '../../platform/metrics';
import type { Dispatcher } from '../dispatch';
import type { Answers, Asked } from './answers';
import { say } from './message';
import type { People } from './people';
import { openSeen } from './seen';
import { openTurns } from './turns';

/** Longer than Slack delivers anything again. */
const REDELIVERY_MS = 10 * 60_000;

export interface ListenOptions {
  readonly app: App;
  readonly dispatcher: Dispatcher;
  readonly people: People;
  readonly answers: Answers;
  readonly log: Logger;
}

/** Slash commands, mentions and direct messages: acknowledged, known again, and handed to the dispatcher. */
export function listen({ app, dispatcher, people, answers, log }: ListenOptions): void {
  const seen = openSeen(REDELIVERY_MS);
  app.error(async (error) => log.error({ error }, 'The Slack app failed at an event'));

  const turns = openTurns();
  const serve = (...given: Parameters<typeof carryOut>): void => {
    if (turns.take(() => carryOut(...given))) return;
    log.warn({}, 'A command was turned away: too many wait');
    answers
      .whisper(given[2], say('Too many commands wait. Try again in a minute.'))
      .catch((error) => log.debug({ error }, 'A refusal was lost'));
  };
  const carryOut = async (
    text: string,
    user: { id: string; team: string | undefined; name?: string },
    asked: Asked,
    delivery: string,
  ): Promise<void> => {
    try {
      const actor = await people.actor(user);
      const origin = { channel: asked.channel, user: user.id };
      let told = false;
      const progress = (line: string): void => {
        if (told || asked.responseUrl === undefined) return;
        told = true;
        answers.whisper(asked, say(line)).catch((error) => log.debug({ error }, 'A line of progress was lost'));
      };
      await answers.give(
        asked,
        await dispatcher.dispatch(text, actor, { place: asked.channel, origin, delivery, progress }),
      );
    } catch (error) {
      log.error({ error }, 'A command from Slack could not be served');
    }
  };

  // Acknowledged before anything else is done: Slack waits three seconds, and people press Enter again after one.
  app.command(/.*/, async ({ ack, body, context }) => {
    await ack();
    acknowledgements.observe({ door: 'slack' }, sinceArrival(context));
    if (seen.again(`command:${body.trigger_id}`)) return;
    const asked = { channel: body.channel_id, user: body.user_id, responseUrl: body.response_url };
    serve(
      `${body.command} ${unescaped(body.text ?? '')}`,
      { id: body.user_id, team: body.team_id, name: body.user_name },
      asked,
      body.trigger_id,
    );
  });

  // Slash commands do not work in threads; there people mention Edwin instead.
  app.event('app_mention', async ({ event, body }) => {
    if (seen.again(`event:${body.event_id}`) || event.user === undefined || event.bot_id !== undefined) return;
    const asked = { channel: event.channel, user: event.user, thread: event.thread_ts ?? event.ts };
    const text = unescaped(event.text.replace(/<@[A-Z0-9]+(\|[^>]*)?>/g, ' ')).trim();
    serve(text === '' ? 'help' : text, { id: event.user, team: event.team ?? body.team_id }, asked, body.event_id);
  });

  app.event('message', async ({ event, body }) => {
    if (
      event.subtype !== undefined ||
      event.channel_type !== 'im' ||
      event.bot_id !== undefined ||
      seen.again(`event:${body.event_id}`)
    )
      return;
    const asked = { channel: event.channel, user: event.user, thread: event.thread_ts ?? event.ts };
    serve(unescaped(event.text ?? ''), { id: event.user, team: event.team ?? body.team_id }, asked, body.event_id);
  });
}

/** The receivers note when an envelope came. */
function sinceArrival(context: Context): number {
  const arrivedAt: unknown = context['arrivedAt'];
  return typeof arrivedAt === 'number' ? (performance.now() - arrivedAt) / 1000 : 0;
}

/** Slack escapes its three control characters in what people type. */
function unescaped(text: string): string {
  return text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');
}
