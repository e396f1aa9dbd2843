import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { APP_SECRET, PAGE_TOKEN, type RunningMessenger, startMessenger } from '../../chatops/messenger/fixture';
import type { MessengerDeps } from '../../chatops/messenger/routes';
import { migrate } from '../../platform/database/migrate';
import { silent } from '../../platform/log';
import type { Reply } from '../../platform/messages';
import { createTestDatabase, type TestDatabase } from '../../test/database';
import { until } from '../../test/until';
import { type RunningMailer, startMailer, TOKEN } from '../mailer/fixture';
import { settleEchoes } from './echoes';
import { createGate, type Gate } from './gate';
import { graphApi } from './graph-api';
import { mailerAt } from './mailer';
import { startPump } from './pump';
import { takeReply } from './replies';
import { serveStudent } from './serve';
import { openSession } from './session';
import { type Claim, SendStore } from './store';
import { webhookServer } from './webhook';

/** What a gateway stands between, all real: the local Messenger, the mailer, and databases. */
export interface Surroundings {
  readonly messenger: RunningMessenger;
  readonly mailer: RunningMailer;
  readonly database: TestDatabase;
  /** Where the Messenger calls; a gateway that starts puts itself there. */
  webhook: string;
  /** Opens the student's 24-hour window. */
  greet(...students: string[]): Promise<void>;
  /** What the page showed a student, in order. */
  shown(student: string): Promise<string[]>;
  close(): Promise<void>;
}

export async function startSurroundings(options: Partial<MessengerDeps> = {}): Promise<Surroundings> {
  const [control, database] = [await createTestDatabase(), await createTestDatabase()];
  const mailer = await startMailer(database.pool);
  const around = { webhook: 'http://127.0.0.1:9/webhook' };
  const messenger = await startMessenger(control.pool, () => around.webhook, options);
  return Object.assign(around, {
    messenger,
    mailer,
    database,
    greet: async (...students: string[]) => {
      for (const student of students) {
        const { id } = await messenger.say(student, 'hello');
        await until(
          async () => (await messenger.conversation(student)).some((one) => one.id === id && one.state === 'delivered'),
          {
            what: `the greeting of ${student} is delivered`,
          },
        );
      }
    },
    shown: async (student: string) => {
      const all = await messenger.conversation(student);
      return all.filter(({ from }) => from === 'page').map(({ text }) => text);
    },
    close: async () => {
      await messenger.close();
      await mailer.close();
      await control.drop();
      await database.drop();
    },
  });
}

/** Settings of a gateway process among them. */
export const gatewaySettings = ({ database, messenger, mailer }: Surroundings): Record<string, string> => ({
  DATABASE_URL: database.url,
  QUEUE_URL: database.url,
  MESSENGER_API_URL: messenger.url,
  MESSENGER_APP_SECRET: APP_SECRET,
  MESSENGER_PAGE_TOKEN: PAGE_TOKEN,
  MESSENGER_VERIFY_TOKEN: 'v',
  MAILER_URL: mailer.url,
  MAILER_TOKEN: TOKEN,
});

export interface RunningGateway {
  readonly store: SendStore;
  readonly gate: Gate;
  /** As the queue would. */
  take(...replies: Reply[]): Promise<void>;
  stop(): Promise<void>;
}

/** The gateway of `main.ts` without its queue. */
export async function startGateway(
  around: Surroundings,
  api = graphApi(`${around.messenger.url}/v23.0`, PAGE_TOKEN),
): Promise<RunningGateway> {
  const { database, mailer } = around;
  await migrate(database.pool, join(__dirname, 'migrations'), 'gateway');
  const store = new SendStore(database.pool);
  const serving = new Set<Claim>();
  const session = await openSession(database.url, silent, (before, after) =>
    store.adopt(
      before,
      after,
      [...serving].map(({ student }) => student),
    ),
  );
  const gate = createGate();
  const serve = serveStudent({ store, api, gate, log: silent });
  const pump = startPump({ store, session, gate, serve, serving, concurrency: 20, log: silent });
  const settle = settleEchoes(store, () => pump.poke());
  const app = webhookServer({
    appSecret: APP_SECRET,
    verifyToken: 'v',
    mailer: mailerAt(mailer.url, TOKEN),
    settle,
    log: silent,
  });
  await app.ready();
  const server = createServer(app.routing).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  around.webhook = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook`;
  const handle = takeReply(pump, silent);
  return {
    store,
    gate,
    take: async (...replies) => {
      for (const body of replies) await handle({ id: body.id, body, headers: {}, attempt: 1, publishedAt: new Date() });
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await pump.stop();
      await session.close();
    },
  };
}

export function replyTo(student: string, sequence: number, text = `${sequence}`, windowStart = new Date()): Reply {
  return {
    id: `r-${student}-${sequence}`,
    student,
    sequence,
    inReplyTo: 'm',
    text,
    windowStart: windowStart.toISOString(),
  };
}
