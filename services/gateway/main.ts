import { join } from 'node:path';
import { watchDatabase } from '../../platform/database/health';
import { migrate } from '../../platform/database/migrate';
import { openPool, planOnce } from '../../platform/database/postgres';
import { queues } from '../../platform/messages';
import { runProgram } from '../../platform/program';
import { openLateQueue } from '../../platform/queue/late';
import { openQueue } from '../../platform/queue/open';
import { settleEchoes } from './echoes';
import { createGate } from './gate';
import { graphApi } from './graph-api';
import { mailerAt } from './mailer';
import { startPump } from './pump';
import { takeReply } from './replies';
import { serveStudent } from './serve';
import { openSession } from './session';
import { type Claim, SendStore } from './store';
import { webhookServer } from './webhook';

runProgram(
  'gateway',
  ['database', 'queue', 'gateway'],
  async ({ config, log, onStop, addHealthCheck, addHealthNote, serve }) => {
    const pool = openPool(config.DATABASE_URL, { max: 8, onConnect: planOnce });
    onStop('database', () => pool.end());
    await migrate(pool, join(__dirname, 'migrations'), 'gateway');
    const database = watchDatabase(pool);
    onStop('database watch', () => database.stop());
    addHealthCheck(database.problem);

    const store = new SendStore(pool);
    const serving = new Set<Claim>();
    const session = await openSession(config.DATABASE_URL, log, (before, after) =>
      store.adopt(
        before,
        after,
        [...serving].map(({ student }) => student),
      ),
    );
    onStop('session', () => session.close());
    const gate = createGate();
    addHealthNote(gate.problem);
    const api = graphApi(config.MESSENGER_API_URL, config.MESSENGER_PAGE_TOKEN);
    const pump = startPump({
      store,
      session,
      gate,
      serve: serveStudent({ store, api, gate, log }),
      serving,
      concurrency: config.SEND_CONCURRENCY,
      log,
    });
    onStop('pump', () => pump.stop());

    // Webhooks are answered also while the queue is away.
    const queue = await openLateQueue(() => openQueue(config.QUEUE_URL, log), log);
    onStop('queue', () => queue.close());
    addHealthNote(queue.problem);
    await queue.consume(queues.replies, { concurrency: config.SEND_CONCURRENCY }, takeReply(pump, log));

    const app = webhookServer({
      appSecret: config.MESSENGER_APP_SECRET,
      verifyToken: config.MESSENGER_VERIFY_TOKEN,
      mailer: mailerAt(config.MAILER_URL, config.MAILER_TOKEN),
      settle: settleEchoes(store, (replies) => {
        for (const reply of replies)
          log.info({ event: 'reply.settled', reply }, 'An echo proves that a reply was sent');
        pump.poke();
      }),
      log,
    });
    await app.ready();
    await serve(app.routing);
  },
);
