import { App, LogLevel, SocketModeReceiver } from '@slack/bolt';
import fastify from 'fastify';
import { consoleRoutes } from '../../chatops/console/console';
import { createGuard } from '../../chatops/console/guard';
import { openWorkspace, type Workspace } from '../../chatops/workspace/workspace';
import { silent } from '../../platform/log';
import { openPostgresTelemetry } from '../../platform/telemetry/postgres';
import { createTestDatabase } from '../database';
import type { FleetDouble } from '../fleet-double';
import { until } from '../until';
import { modal, progress, undone } from './chat';
import { sceneFleet } from './scene';
import { evidence } from './telemetry';

const tokens = { bot: 'xoxb-local', app: 'xapp-local' };

export interface PageServer {
  readonly url: string;
  readonly fleet: FleetDouble;
  readonly workspace: Workspace;
  /** Calls the Web API as the app. */
  call(method: string, args: object): Promise<Record<string, unknown>>;
  /** Takes the server away and brings it back on the same port. */
  restart(whileAway: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** The page on its real server, workspace and telemetry store, with a fleet that stands still. `port` 0 takes a free one. */
export async function startPage(port = 0): Promise<PageServer> {
  const database = await createTestDatabase();
  const telemetry = await openPostgresTelemetry(database.url, { log: silent });
  await telemetry.write(evidence(Date.now()));
  const fleet = sceneFleet(Date.now());
  let url = '';
  let running = await listen(port);
  let app = await connectApp();

  async function listen(wanted: number) {
    const workspace = await openWorkspace({ pool: database.pool, tokens, latency: 'off', url: () => url, log: silent });
    const http = fastify({ forceCloseConnections: true });
    await http.register(workspace.routes, { prefix: '/slack' });
    await http.register(
      consoleRoutes({ fleet, telemetry, workspace, complete, guard: createGuard(() => url), log: silent }),
    );
    http.server.on('upgrade', (request, socket, head) => workspace.handleUpgrade(request, socket, head));
    url = await http.listen({ port: wanted, host: '127.0.0.1' });
    return { workspace, http };
  }
  async function connectApp(): Promise<App> {
    const clientOptions = { slackApiUrl: `${url}/slack/api/` };
    const receiver = new SocketModeReceiver({
      appToken: tokens.app,
      logLevel: LogLevel.ERROR,
      installerOptions: { clientOptions },
      clientPingTimeout: 1000,
    });
    const made = new App({ token: tokens.bot, receiver, clientOptions, logLevel: LogLevel.ERROR });
    answerCommands(made);
    await made.start();
    await until(() => running.workspace.connections === 1, { what: 'the socket of the app' });
    return made;
  }
  const stop = async (): Promise<void> => {
    await app.stop();
    running.workspace.close();
    await running.http.close();
  };
  return {
    get url() {
      return url;
    },
    get workspace() {
      return running.workspace;
    },
    fleet,
    async call(method, args) {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${tokens.bot}` };
      const response = await fetch(`${url}/slack/api/${method}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(args),
      });
      return (await response.json()) as Record<string, unknown>;
    },
    async restart(whileAway) {
      const { port: same } = new URL(url);
      await stop();
      await whileAway();
      running = await listen(Number(same));
      app = await connectApp();
    },
    async close() {
      await stop();
      await telemetry.close();
      await database.drop();
    },
  };
}

/** A small app on the real SDK: the page is the subject, not the product's own commands. */
function answerCommands(app: App): void {
  app.command('/deploy', async ({ ack, command, client }) => {
    await ack();
    const posted = await client.chat.postMessage({ channel: command.channel_id, ...progress(4, 6) } as never);
    await client.chat.postMessage({
      channel: command.channel_id,
      thread_ts: posted.ts as string,
      text: 'pulled on 3 hosts in 0.9 s',
    });
  });
  app.command('/edwin', async ({ ack }) => ack({ text: '*/deploy* `<service> <env>` puts a release to work' }));
  app.command('/late', async () => undefined);
  app.action('plan', async ({ ack, body, client }) => {
    await ack();
    await client.views.open({ trigger_id: (body as { trigger_id: string }).trigger_id, view: modal as never });
  });
  app.action('cancel', async ({ ack, respond }) => {
    await ack();
    await respond({ text: 'Cancelled. Release 41 stays.', replace_original: true });
  });
  app.action('log', async ({ ack, respond }) => {
    await ack();
    await respond('```Error: MESSENGER_APP_SECRET is required```');
  });
  app.view('plan', async ({ ack, view, client }) => {
    const why = view.state.values['why']?.['text']?.value ?? '';
    if (why.length < 5) return ack({ response_action: 'errors', errors: { why: 'Say a little more.' } });
    await ack();
    await client.chat.postMessage({ channel: 'C0DEPLOYS', text: `The plan was changed: ${why}` });
  });
}

async function complete(text: string): Promise<{ value: string; hint: string }[]> {
  const all = [
    { value: '/deploy bot prod', hint: 'release 42, proven in stage 3 min ago' },
    { value: '/deploy bot dev', hint: 'newest build: 43, 1 commit' },
    { value: '/deploy bot stage 41', hint: 'back to the release before' },
    { value: '/edwin status', hint: 'what runs where' },
  ];
  return all.filter(({ value }) => value.startsWith(text.trimEnd()));
}

/** What stands in #deploys before anything is typed. */
export async function fillChat(page: PageServer): Promise<void> {
  await page.call('chat.postMessage', { channel: 'C0DEPLOYS', ...undone });
  await page.call('chat.postMessage', { channel: 'C0ALERTS', text: 'bot in prod: 1 of 6 instances is unhealthy' });
}
