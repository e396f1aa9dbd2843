import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openGraph } from '../../platform/graph/open';
import { silent } from '../../platform/log';
import { type LearningEvent, queues } from '../../platform/messages';
import { openQueue } from '../../platform/queue/open';
import type { Queue } from '../../platform/queue/queue';
import { createTestDatabase, type TestDatabase } from '../../test/database';
import { startProgram } from '../../test/program';
import { until } from '../../test/until';
import type { Ga4Request } from './ga4';

let database: TestDatabase;
let queue: Queue;
let google: Server;
let status = 503;
let calls = 0;
const taken: Ga4Request[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  queue = await openQueue(database.url, silent);
  google = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      calls++;
      if (status === 204) taken.push(JSON.parse(body) as Ga4Request);
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => google.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await new Promise((resolve) => google.close(resolve));
  await queue.close();
  await database.drop();
});

const answered = (number: number): LearningEvent => ({
  kind: 'item.answered',
  id: `e${number}`,
  student: `s${number % 3}`,
  at: new Date().toISOString(),
  item: 'a1-tenses-1',
  skill: 'tenses',
  level: 'A1',
  correct: number % 2 === 0,
  ms: 1000,
});

test('events reach the graph and the aggregates while Google Analytics fails, and Google when it is back', async () => {
  const events = Array.from({ length: 60 }, (_, number) => answered(number));
  await queue.publish(
    queues.analytics,
    events.flatMap((body) => [
      { id: body.id, body },
      { id: `${body.id}-again`, body },
    ]),
  );
  const { port } = google.address() as AddressInfo;
  const analytics = await startProgram('services/analytics/main.ts', {
    DATABASE_URL: database.url,
    QUEUE_URL: database.url,
    GRAPH_URL: database.url,
    GA4_ENDPOINT: `http://127.0.0.1:${port}/mp/collect`,
    GA4_MEASUREMENT_ID: 'G-TEST',
    GA4_API_SECRET: 'very-secret-key',
    UPLOAD_TICK: '* * * * * *',
    AGGREGATE_TICK: '* * * * * *',
  });
  const graph = await openGraph(database.url);
  try {
    expect((await fetch(`${analytics.url}/healthz`)).status).toBe(200);
    await until(async () => (await graph.learner('s0'))?.answers === 20, { what: 'the graph has the answers' });
    const counted = async () =>
      (await database.pool.query(`select answers, learners from analytics.daily where level = 'all'`)).rows.find(
        ({ answers }) => answers === 60,
      );
    expect(await until(counted, { what: 'the day is counted' })).toEqual({ answers: 60, learners: 3 });

    await until(() => calls > 0, { what: 'Google is tried' });
    status = 204;
    const sent = async () => {
      await database.pool.query(
        `update analytics.events set upload_at = now() where upload_at < now() + interval '1 minute'`,
      );
      return taken.reduce((sum, { events: own }) => sum + own.length, 0) >= 60;
    };
    await until(sent, { what: 'Google takes the events, once the pause after its failures is cut short' });
    expect(analytics.output() + analytics.errors()).not.toContain('very-secret-key');
  } finally {
    await graph.close();
    expect(await analytics.stop()).toBe(0);
  }
}, 60_000);
