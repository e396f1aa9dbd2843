import { join } from 'node:path';
import { watchDatabase } from '../../platform/database/health';
import { migrate } from '../../platform/database/migrate';
import { openPool, planOnce } from '../../platform/database/postgres';
import { runProgram } from '../../platform/program';
import { openLateQueue } from '../../platform/queue/late';
import { openQueue } from '../../platform/queue/open';
import { startRelay } from '../../platform/queue/outbox';
import { mailerServer } from './server';

runProgram('mailer', ['database', 'queue', 'mailer'], async (program) => {
  const { config, log, onStop, addHealthCheck, addHealthNote, serve } = program;
  const pool = openPool(config.DATABASE_URL, { max: 8, onConnect: planOnce });
  onStop('database', () => pool.end());
  await migrate(pool, join(__dirname, 'migrations'), 'mailer');
  const database = watchDatabase(pool);
  onStop('database watch', () => database.stop());
  addHealthCheck(database.problem);

  // What is saved waits in the outbox: messages are taken from Messenger also while the queue is away.
  const queue = await openLateQueue(() => openQueue(config.QUEUE_URL, log), log);
  onStop('queue', () => queue.close());
  addHealthNote(queue.problem);
  const relay = startRelay({ pool, schema: 'mailer', queue, log, service: 'mailer' });
  onStop('relay', () => relay.stop());

  const app = mailerServer({ pool, token: config.MAILER_TOKEN, log, saved: () => relay.poke() });
  await app.ready();
  await serve(app.routing);
});
