import { join } from 'node:path';
import { watchDatabase } from '../../platform/database/health';
import { migrate } from '../../platform/database/migrate';
import { openPool, planOnce } from '../../platform/database/postgres';
import { runProgram } from '../../platform/program';
import { openQueue } from '../../platform/queue/open';
import { startRelay } from '../../platform/queue/outbox';
import { mailerServer } from './server';

runProgram('mailer', ['database', 'queue', 'mailer'], async ({ config, log, onStop, addHealthCheck, serve }) => {
  const pool = openPool(config.DATABASE_URL, { max: 8, onConnect: planOnce });
  onStop('database', () => pool.end());
  await migrate(pool, join(__dirname, 'migrations'), 'mailer');
  const database = watchDatabase(pool);
  onStop('database watch', () => database.stop());
  addHealthCheck(database.problem);

  const queue = await openQueue(config.QUEUE_URL, log);
  onStop('queue', () => queue.close());
  const relay = await startRelay({ pool, schema: 'mailer', queue, log, service: 'mailer' });
  onStop('relay', () => relay.stop());

  const app = mailerServer({ pool, token: config.MAILER_TOKEN, log, saved: () => relay.poke() });
  await app.ready();
  await serve(app.routing);
});
