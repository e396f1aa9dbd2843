import { setMaxListeners } from 'node:events';
import { App, type Receiver } from '@slack/bolt';
import { WebClient, type WebClientOptions } from '@slack/web-api';
import type { FastifyPluginAsync } from 'fastify';
import type { Pool } from '../../platform/database/postgres';
import { EdwinError } from '../../platform/errors';
import type { Fleet } from '../../platform/fleet/fleet';
import type { Logger } from '../../platform/log';
import type { Dispatcher } from '../dispatch';
import { handleActions } from './actions';
import { openAnswers } from './answers';
import type { ChatConfig } from './config';
import { openEditor } from './editor';
import { faultOf } from './fault';
import { METADATA_EVENT, openFollower } from './follower';
import { listen } from './listeners';
import { openPeople, type SlackUser } from './people';
import { openPostedMessages } from './posted';
import { openPoster } from './poster';
import { sdkLogger } from './sdk-logger';
import { SignedHttp } from './signed-http';
import { Sockets } from './sockets';

export interface ChatOptions {
  readonly dispatcher: Dispatcher;
  readonly fleet: Fleet;
  readonly config: ChatConfig;
  readonly publicUrl: string;
  readonly log: Logger;
  /** Control database; the dispatcher has made the tables. */
  readonly pool: Pool;
}

/** The one Slack app. Operations do not depend on it: while Slack is away they go on, and messages catch up afterwards. */
export interface Chat {
  /**
   * Resolves when connected, or when Slack could not be reached within five seconds (it keeps trying).
   * @throws `chat.unreachable` when Slack refuses the tokens
   */
  start(): Promise<void>;
  close(): Promise<void>;
  /** For signed HTTP: to be mounted on a server that Slack can reach. */
  readonly routes?: FastifyPluginAsync;
}

const START_PATIENCE_MS = 5_000;

interface Identity {
  botToken: string;
  botId: string;
  botUserId: string;
  teamId: string;
}

export function openChat(options: ChatOptions): Chat {
  const { dispatcher, fleet, config, publicUrl, log, pool } = options;
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal);
  const sdk = (more: WebClientOptions): WebClientOptions => ({
    logger: sdkLogger(log),
    timeout: 10_000,
    rejectRateLimitedCalls: true,
    retryConfig: { retries: 0 },
    ...(config.apiUrl !== undefined && { slackApiUrl: config.apiUrl }),
    ...more,
  });
  // One client for each purpose: a rate limit pauses every call of the client that met it.
  const client = (more: WebClientOptions = {}) => new WebClient(config.botToken, sdk(more));
  const [editing, posting, asking] = [client(), client(), client({ retryConfig: { retries: 2, minTimeout: 200 } })];

  const identity: Identity = { botToken: config.botToken, botId: '', botUserId: '', teamId: '' };
  const receiver: Receiver & { routes?: FastifyPluginAsync } =
    config.appToken !== undefined
      ? new Sockets({ appToken: config.appToken, apiUrl: config.apiUrl, log })
      : new SignedHttp({ signingSecret: config.signingSecret ?? '', log });
  const app = new App({
    receiver,
    logger: sdkLogger(log),
    clientOptions: sdk({}),
    authorize: async () => identity,
    convoStore: false,
  });
  const editor = openEditor({
    log,
    faultOf,
    perMinute: config.pace.editsPerMinute,
    keptForFinal: 5,
    spacingMs: config.pace.editSpacingMs,
    update: async ({ channel, ts }, { text, blocks }) =>
      void (await editing.chat.update({ channel, ts, text, blocks: [...blocks] })),
  });
  const postMessage = (given: Record<string, unknown>) =>
    posting.apiCall('chat.postMessage', given) as Promise<{ channel?: string; ts?: string }>;
  const poster = openPoster({
    client: { postMessage },
    spacingMs: config.pace.postSpacingMs,
    log,
    signal: stopping.signal,
  });
  const find = (channel: string, operation: number) => findPosted(asking, channel, operation);
  const follower = openFollower({
    fleet,
    posted: openPostedMessages(pool),
    poster,
    editor,
    log,
    publicUrl,
    channel: config.channel,
    find,
  });
  const people = openPeople({
    log,
    ownTeam: () => identity.teamId,
    info: async (user) => (await asking.users.info({ user })).user as SlackUser,
  });
  const answers = openAnswers({ client: asking, poster, follower, log });
  listen({ app, dispatcher, people, answers, log });
  handleActions({ app, dispatcher, fleet, people, answers, log });

  return {
    ...(receiver.routes && { routes: receiver.routes }),
    async start() {
      await whoAmI(asking, identity, log);
      follower.start();
      let patience: NodeJS.Timeout | undefined;
      const waited = new Promise<void>((resolve) => {
        patience = setTimeout(resolve, START_PATIENCE_MS);
      });
      await Promise.race([app.start(), waited]);
      clearTimeout(patience);
    },
    async close() {
      await app.stop().catch((error) => log.warn({ error }, 'The connection to Slack did not end well'));
      stopping.abort();
      editor.close();
      await follower.close();
    },
  };
}

/** Asked once; every event is then authorized without a call. Only refused tokens are an error, an outage is not. */
async function whoAmI(client: WebClient, identity: Identity, log: Logger): Promise<void> {
  try {
    const { bot_id, user_id, team_id } = await client.auth.test();
    Object.assign(identity, { botId: bot_id ?? '', botUserId: user_id ?? '', teamId: team_id ?? '' });
  } catch (error) {
    const fault = faultOf(error);
    if (fault.kind === 'refused')
      throw new EdwinError('chat.unreachable', `Slack refuses the bot token (${fault.why}).`);
    log.warn({ error }, 'Slack can not be reached yet');
    setTimeout(
      () =>
        void whoAmI(client, identity, log).catch((refused) =>
          log.error({ error: refused }, 'Slack refuses the bot token'),
        ),
      5_000,
    ).unref();
  }
}

/** Looks through the newest messages of a channel for the one whose metadata names the operation. */
async function findPosted(client: WebClient, channel: string, operation: number): Promise<string | undefined> {
  const { messages = [] } = await client.conversations.history({ channel, limit: 100, include_all_metadata: true });
  const found = messages.find(
    ({ metadata }) =>
      metadata?.event_type === METADATA_EVENT &&
      (metadata.event_payload as { operation?: number }).operation === operation,
  );
  return found?.ts;
}
