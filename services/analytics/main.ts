import { join } from 'node:path';
import { startTicking } from '../../platform/cron';
import { watchDatabase } from '../../platform/database/health';
import { migrate } from '../../platform/database/migrate';
import { openPool } from '../../platform/database/postgres';
import { openGraph } from '../../platform/graph/open';
import { type LearningEvent, learningEvent, queues } from '../../platform/messages';
import { runProgram } from '../../platform/program';
import { inBatches } from '../../platform/queue/batch';
import { watchQueue } from '../../platform/queue/health';
import { openLateQueue } from '../../platform/queue/late';
import { openQueue } from '../../platform/queue/open';
import { aggregateDays } from './daily';
import { storeEvents } from './events';
import { startRecorder } from './recorder';
import { uploadWaiting } from './upload';

const BATCH = 100;

runProgram(
  'analytics',
  ['database', 'queue', 'graph', 'analytics'],
  async ({ config, log, onStop, stopping, addHealthCheck, addHealthNote, serve }) => {
    const pool = openPool(config.DATABASE_URL);
    onStop('database', () => pool.end());
    await migrate(pool, join(__dirname, 'migrations'), 'analytics');
    const database = watchDatabase(pool);
    onStop('database watch', () => database.stop());
    addHealthCheck(database.problem);

    const graph = await openGraph(config.GRAPH_URL);
    onStop('graph', () => graph.close());
    const recorder = startRecorder(pool, graph, log);
    onStop('recorder', () => recorder.stop());
    addHealthNote(recorder.problem);

    const { GA4_MEASUREMENT_ID: measurementId, GA4_API_SECRET: apiSecret, GA4_ENDPOINT: endpoint } = config;
    const uploading = measurementId !== undefined && apiSecret !== undefined;
    if (uploading) {
      const upload = () => uploadWaiting({ pool, log, endpoint, measurementId, apiSecret, stopping });
      const ticking = startTicking(
        { name: 'The upload', pattern: config.UPLOAD_TICK, setting: 'UPLOAD_TICK', log },
        upload,
      );
      onStop('upload', () => ticking.stop());
    }
    const aggregating = startTicking(
      { name: 'The aggregation', pattern: config.AGGREGATE_TICK, setting: 'AGGREGATE_TICK', log },
      () => aggregateDays(pool, log),
    );
    onStop('aggregation', () => aggregating.stop());

    const queue = await openLateQueue(() => openQueue(config.QUEUE_URL, log), log);
    onStop('queue', () => queue.close());
    const answering = watchQueue(queue, queues.analytics);
    onStop('queue watch', () => answering.stop());
    addHealthCheck(answering.problem);
    const store = inBatches<LearningEvent>(BATCH, async (events) => {
      await storeEvents(pool, events, uploading);
      recorder.poke();
    });
    const events = await queue.consume(queues.analytics, { concurrency: BATCH }, ({ body }) =>
      store(learningEvent.parse(body)),
    );
    onStop('events', () => events.stop());
    await serve();
  },
);
