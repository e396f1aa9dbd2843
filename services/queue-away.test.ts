import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '../test/database';
import { openRelay, type Relay } from '../test/engines/relay';
import { type Script, startScript } from '../test/script';
import { until } from '../test/until';

/** Real processes of the workers, started while the queue is away. */
let database: TestDatabase;
let network: Relay;
const running: Script[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  const { hostname, port } = new URL(database.url);
  network = await openRelay({ host: hostname, port: Number(port) });
});
beforeEach(() => network.cut());
afterAll(async () => {
  await Promise.all(running.map((script) => script.kill()));
  await network?.close();
  await database?.drop();
});

test.each(['bot', 'scheduler', 'analytics'])(
  '%s waits for the queue, says so, and works when it is there',
  async (service) => {
    const script = startScript(join(__dirname, service, 'main.ts'), {
      DATABASE_URL: database.url,
      GRAPH_URL: database.url,
      QUEUE_URL: Object.assign(new URL(database.url), { host: `${network.host}:${network.port}` }).toString(),
    });
    running.push(script);
    const { port } = JSON.parse(await script.says('program.started')) as { port: number };
    const health = async (): Promise<[number, object]> => {
      const answer = await fetch(`http://127.0.0.1:${port}/healthz`);
      return [answer.status, (await answer.json()) as object];
    };
    expect(await health()).toMatchObject([503, { status: expect.stringContaining('does not answer') }]);
    await network.mend();
    await until(async () => (await health())[0] === 200, { what: `${service} is well`, withinMs: 15_000 });
  },
);
