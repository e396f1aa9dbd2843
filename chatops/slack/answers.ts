import type { WebClient } from '@slack/web-api';
import type { Logger } from '../../platform/log';
import type { Reply } from '../command';
import type { Follower } from './follower';
import type { Message } from './message';
import type { Poster } from './poster';

/** Where an answer can go: the one-time address Slack gave with the command or button, or the thread of a mention. */
export interface Asked {
  readonly channel: string;
  readonly user: string;
  readonly responseUrl?: string;
  /** Answers of a conversation in a thread stay in it. */
  readonly thread?: string;
}

export interface Answers {
  /** Brings a reply to where its audience is. An operation's own message is the follower's to post. */
  give(asked: Asked, reply: Reply): Promise<void>;
  /** Only the asker sees it. */
  whisper(asked: Asked, message: Message): Promise<void>;
  /** Takes away the message with the button that was pressed, when only its asker could see it. */
  takeAway(responseUrl: string): Promise<void>;
}

export function openAnswers({
  client,
  poster,
  follower,
  log,
}: {
  client: WebClient;
  poster: Poster;
  follower: Follower;
  log: Logger;
}): Answers {
  const respond = async (url: string, body: unknown): Promise<void> => {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    if (!answer.ok) throw new Error(`The response address answered ${answer.status}`);
  };
  const { whisper, inChannel } = {
    async whisper({ channel, user, responseUrl, thread }: Asked, { text, blocks }: Message): Promise<void> {
      if (responseUrl !== undefined) {
        await respond(responseUrl, { response_type: 'ephemeral', replace_original: false, text, blocks });
      } else if (thread !== undefined) {
        await poster.post(channel, { text, blocks }, { thread });
      } else {
        await client.chat.postEphemeral({ channel, user, text, blocks: [...blocks] });
      }
    },
    async inChannel({ channel, responseUrl, thread }: Asked, message: Message): Promise<void> {
      try {
        await poster.post(channel, message, thread === undefined ? {} : { thread });
      } catch (error) {
        if (responseUrl === undefined) throw error;
        await respond(responseUrl, { response_type: 'in_channel', text: message.text, blocks: message.blocks });
      }
    },
  };
  return {
    whisper,
    async give(asked, reply) {
      try {
        if (reply.operation !== undefined && !reply.repeated) {
          follower.ensure(reply.operation);
          if (asked.thread !== undefined) await poster.post(asked.channel, reply.message, { thread: asked.thread });
        } else if (reply.audience === 'channel') await inChannel(asked, reply.message);
        else await whisper(asked, reply.message);
      } catch (error) {
        log.error({ error, channel: asked.channel }, 'An answer could not be brought to Slack');
      }
    },
    async takeAway(responseUrl) {
      await respond(responseUrl, { delete_original: true }).catch((error) =>
        log.debug({ error }, 'A message kept its button'),
      );
    },
  };
}
