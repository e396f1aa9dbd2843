import { App, type App as BoltApp, LogLevel, SocketModeReceiver } from '@slack/bolt';
import fastify, { type FastifyInstance } from 'fastify';
import type { FeedEvent } from '../chatops/workspace/feed';
import type { Json } from '../chatops/workspace/json';
import type { Timing } from '../chatops/workspace/timing';
import { openWorkspace, type Workspace } from '../chatops/workspace/workspace';
import { silent } from '../platform/log';
import { createTestDatabase } from './database';
import { until } from './until';

export const tokens = { bot: 'xoxb-local', app: 'xapp-local' };
const shortClocks: Partial<Timing> = { acknowledge: 1000, redeliver: [120, 240], warning: 60 };

export const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });

/** A local workspace on a real server, with what a test does to it: as the app, and as people on the page. */
export interface Desk {
  readonly url: string;
  readonly workspace: Workspace;
  /** Everything the page was told since the last start. */
  readonly seen: readonly FeedEvent[];
  start(latency?: 'off' | 'on'): Promise<void>;
  /** Ends apps and server; what was said stays in the database. */
  stop(): Promise<void>;
  /** The SDK as the product uses it, on nothing but its public options. */
  startApp(prepare: (app: BoltApp) => void, receivers?: number): Promise<void>;
  /** What the page calls on behalf of a person. */
  act(path: string, body: Json): Promise<Json>;
  /** Alice writes in #deploys. */
  send(text: string, more?: Json): Promise<Json>;
  call(method: string, args: Json, token?: string): Promise<{ status: number; headers: Headers; answer: Json }>;
  /** The newest message on the page that is so. */
  shown(match: (message: Json) => boolean): Promise<Json>;
  drop(): Promise<void>;
}

export async function openDesk(): Promise<Desk> {
  const database = await createTestDatabase();
  const running: BoltApp[] = [];
  let http: FastifyInstance;
  let workspace: Workspace;
  let url = '';
  let seen: FeedEvent[] = [];

  const act = async (path: string, body: Json): Promise<Json> => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${url}/ui${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    return (await response.json()) as Json;
  };
  const startOne = async (prepare: (app: BoltApp) => void): Promise<void> => {
    const clientOptions = { slackApiUrl: `${url}/slack/api/` };
    const receiver = new SocketModeReceiver({
      appToken: tokens.app,
      logLevel: LogLevel.ERROR,
      installerOptions: { clientOptions },
      clientPingTimeout: 1000,
    });
    const app = new App({ token: tokens.bot, receiver, clientOptions, logLevel: LogLevel.ERROR });
    prepare(app);
    await app.start();
    running.push(app);
  };
  return {
    get url() {
      return url;
    },
    get workspace() {
      return workspace;
    },
    get seen() {
      return seen;
    },
    async start(latency = 'off') {
      workspace = await openWorkspace({
        pool: database.pool,
        tokens,
        latency,
        url: () => url,
        log: silent,
        timing: shortClocks,
      });
      http = fastify();
      await http.register(workspace.routes, { prefix: '/slack' });
      await http.register(workspace.browser, { prefix: '/ui' });
      http.server.on('upgrade', (request, socket, head) => workspace.handleUpgrade(request, socket, head));
      url = await http.listen({ port: 0, host: '127.0.0.1' });
      seen = [];
      workspace.feed.subscribe((event) => seen.push(event));
    },
    async stop() {
      await Promise.all(running.splice(0).map((app) => app.stop()));
      workspace.close();
      await http.close();
    },
    async startApp(prepare, receivers = 1) {
      for (let index = 0; index < receivers; index += 1) await startOne(prepare);
      await until(() => workspace.connections === receivers, { what: 'every socket' });
    },
    act,
    send: (text, more = {}) => act('/send', { user: 'U0ALICE', channel: 'C0DEPLOYS', text, ...more }),
    async call(method, args, token = tokens.bot) {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
      const response = await fetch(`${url}/slack/api/${method}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(args),
      });
      return { status: response.status, headers: response.headers, answer: (await response.json()) as Json };
    },
    shown: (match) =>
      until(
        () =>
          seen
            .map((event) => event.data['message'] as Json | undefined)
            .findLast((message) => message !== undefined && match(message)),
        { what: 'a message on the page' },
      ),
    drop: () => database.drop(),
  };
}
