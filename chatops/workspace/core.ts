import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { migrate } from '../../platform/database/migrate';
import type { Pool } from '../../platform/database/postgres';
import type { Logger } from '../../platform/log';
import { createClock } from './clock';
import { createEnvelopes, type Envelopes } from './envelopes';
import { createEphemerals } from './ephemerals';
import { createFeed, type Feed } from './feed';
import { createLimits } from './limits';
import { type Messages, openMessages } from './messages';
import { type Directory, openDirectory } from './people';
import { openResponses, type Responses } from './responses';
import { createSockets, type Sockets } from './socket';
import { slackTiming, type Timing } from './timing';
import { createTriggers, type Triggers } from './triggers';
import { openViews, type Views } from './views';

export const SOCKET_PATH = '/slack/socket';

export interface WorkspaceDeps {
  /** Of the control database; the workspace keeps its own schema there. */
  readonly pool: Pool;
  /** Local tokens of the app, `xoxb-…` and `xapp-…`; calls with others are refused. */
  readonly tokens: { readonly bot: string; readonly app: string };
  /** `off`: no limits; `on`: Slack's rate limits; `slack`: limits, latency and socket refreshes. */
  readonly latency: 'off' | 'on' | 'slack';
  /** Address of the server that has these routes, without a trailing slash; known once it listens. */
  readonly url: () => string;
  readonly log: Logger;
  /** What the app's manifest subscribes to. Undefined: every command and every event. */
  readonly commands?: readonly string[];
  readonly events?: readonly string[];
  /** Tests shorten Slack's clocks. */
  readonly timing?: Partial<Timing>;
}

/** The parts of the workspace, as its methods and routes see them. */
export interface Core {
  readonly deps: WorkspaceDeps;
  readonly directory: Directory;
  readonly messages: Messages;
  readonly views: Views;
  readonly responses: Responses;
  readonly triggers: Triggers;
  readonly sockets: Sockets;
  readonly envelopes: Envelopes;
  readonly feed: Feed;
  readonly ephemerals: ReturnType<typeof createEphemerals>;
  /** Undefined when limits are off. */
  readonly limits: ReturnType<typeof createLimits> | undefined;
  nextTs(): string;
  /** As late as Slack would be, in the mode `slack`; else at once. */
  pause(): Promise<void>;
}

export async function openCore(deps: WorkspaceDeps): Promise<Core> {
  await migrate(deps.pool, join(__dirname, 'migrations'), 'workspace');
  const timing = { ...slackTiming, ...deps.timing };
  const directory = await openDirectory(deps.pool);
  const messages = openMessages(deps.pool);
  const [least, most] = timing.latency;
  const pause = deps.latency === 'slack' ? () => wait(least + Math.random() * (most - least)) : () => Promise.resolve();
  const envelopes: Envelopes = createEnvelopes((frame) => sockets.send(frame), timing, pause);
  const sockets = createSockets(SOCKET_PATH, timing, deps.latency === 'slack', {
    onFrame: (frame) => envelopes.acknowledged(frame),
    onReady: () => envelopes.flush(),
  });
  return {
    deps,
    directory,
    messages,
    views: openViews(deps.pool),
    responses: openResponses(deps.pool),
    triggers: createTriggers(Date.now),
    sockets,
    envelopes,
    feed: createFeed(),
    ephemerals: createEphemerals(),
    limits: deps.latency === 'off' ? undefined : createLimits(Date.now),
    nextTs: createClock(await messages.newestTs()),
    pause,
  };
}
