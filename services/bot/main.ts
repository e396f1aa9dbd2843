import { join } from 'node:path';
import { watchDatabase } from '../../platform/database/health';
import { migrate } from '../../platform/database/migrate';
import { openPool } from '../../platform/database/postgres';
import { queues } from '../../platform/messages';
import { runProgram } from '../../platform/program';
import { watchQueue } from '../../platform/queue/health';
import { openLateQueue } from '../../platform/queue/late';
import { openQueue } from '../../platform/queue/open';
import { startRelay } from '../../platform/queue/outbox';
import { createInbox } from './inbox';
import { startSweeper } from './sweeper';
import { loadBank } from './teaching/bank';

/** Connections for the work of one instance; handlers wait for one in turn. */
const MOST_CONNECTIONS = 8;

runProgram('bot', ['database', 'queue', 'bot'], async ({ config, log, onStop, addHealthCheck, serve }) => {
  const teaching = { bank: loadBank(), placementItems: config.PLACEMENT_ITEMS };
  const pool = openPool(config.DATABASE_URL, { max: Math.min(MOST_CONNECTIONS, config.BOT_CONCURRENCY + 2) });
  onStop('database', () => pool.end());
  await migrate(pool, join(__dirname, 'migrations'), 'bot');
  const database = watchDatabase(pool);
  onStop('database watch', () => database.stop());
  addHealthCheck(database.problem);

  const queue = await openLateQueue(() => openQueue(config.QUEUE_URL, log), log);
  onStop('queue', () => queue.close());
  const answering = watchQueue(queue, queues.messages);
  onStop('queue watch', () => answering.stop());
  addHealthCheck(answering.problem);
  const relay = startRelay({ pool, schema: 'bot', queue, log, service: 'bot' });
  onStop('relay', () => relay.stop());

  const inbox = createInbox({ pool, teaching, log, told: relay.hand });
  const sweeper = startSweeper(inbox, pool, log);
  onStop('sweeper', () => sweeper.stop());
  const messages = await queue.consume(queues.messages, { concurrency: config.BOT_CONCURRENCY }, inbox.take);
  onStop('messages', () => messages.stop());
  const nudges = await queue.consume(queues.nudges, { concurrency: 2 }, inbox.nudge);
  onStop('nudges', () => nudges.stop());
  await serve();
});
