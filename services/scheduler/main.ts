import { join } from 'node:path';
import { startTicking } from '../../platform/cron';
import { watchDatabase } from '../../platform/database/health';
import { migrate } from '../../platform/database/migrate';
import { openPool } from '../../platform/database/postgres';
import { EdwinError } from '../../platform/errors';
import { type LearningEvent, learningEvent, queues } from '../../platform/messages';
import { runProgram } from '../../platform/program';
import { inBatches } from '../../platform/queue/batch';
import { watchQueue } from '../../platform/queue/health';
import { openLateQueue } from '../../platform/queue/late';
import { openQueue } from '../../platform/queue/open';
import { startRelay } from '../../platform/queue/outbox';
import type { Settings } from './due';
import { isTimeZone, minutesOf } from './quiet';
import { learnFrom } from './store';
import { tick } from './tick';

const BATCH = 50;

runProgram(
  'scheduler',
  ['database', 'queue', 'scheduler'],
  async ({ config, log, onStop, stopping, addHealthCheck, serve }) => {
    if (!isTimeZone(config.DEFAULT_TIME_ZONE)) {
      throw new EdwinError('config.invalid', `DEFAULT_TIME_ZONE: there is no time zone “${config.DEFAULT_TIME_ZONE}”.`);
    }
    const settings: Settings = {
      reminderAfterMs: config.REMINDER_AFTER_HOURS * 3_600_000,
      sessionMs: config.SESSION_MINUTES * 60_000,
      quiet: { from: minutesOf(config.QUIET_FROM), to: minutesOf(config.QUIET_TO) },
      defaultTimeZone: config.DEFAULT_TIME_ZONE,
    };
    const pool = openPool(config.DATABASE_URL);
    onStop('database', () => pool.end());
    await migrate(pool, join(__dirname, 'migrations'), 'scheduler');
    const database = watchDatabase(pool);
    onStop('database watch', () => database.stop());
    addHealthCheck(database.problem);

    const queue = await openLateQueue(() => openQueue(config.QUEUE_URL, log), log);
    onStop('queue', () => queue.close());
    const answering = watchQueue(queue, queues.scheduler);
    onStop('queue watch', () => answering.stop());
    addHealthCheck(answering.problem);
    const relay = startRelay({ pool, schema: 'scheduler', queue, log, service: 'scheduler' });
    onStop('relay', () => relay.stop());

    const learn = inBatches<LearningEvent>(BATCH, (events) => learnFrom(pool, events, settings, new Date()));
    const events = await queue.consume(queues.scheduler, { concurrency: BATCH }, ({ body }) =>
      learn(learningEvent.parse(body)),
    );
    onStop('events', () => events.stop());
    const ticking = startTicking({ name: 'The tick', pattern: config.TICK, setting: 'TICK', log }, () =>
      tick({ pool, settings, log, told: relay.poke, stopping }),
    );
    onStop('tick', () => ticking.stop());
    await serve();
  },
);
