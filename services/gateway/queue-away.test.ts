import { join } from 'node:path';
import { silent } from '../../platform/log';
import { queues } from '../../platform/messages';
import { openQueue } from '../../platform/queue/open';
import { openRelay, type Relay } from '../../test/engines/relay';
import { type Script, startScript } from '../../test/script';
import { until } from '../../test/until';
import { gatewaySettings, replyTo, type Surroundings, startSurroundings } from './fixture';

/** Real processes of gateway and mailer, started while the queue is away. */
let around: Surroundings;
let network: Relay;
const running: Script[] = [];

beforeAll(async () => {
  around = await startSurroundings();
  const { hostname, port } = new URL(around.database.url);
  network = await openRelay({ host: hostname, port: Number(port) });
  await network.cut();
});
afterAll(async () => {
  await Promise.all(running.map((script) => script.kill()));
  await network?.close();
  await around?.close();
});

async function start(service: string, more: Readonly<Record<string, string>>): Promise<string> {
  const queueUrl = Object.assign(new URL(around.database.url), { host: `${network.host}:${network.port}` }).toString();
  const script = startScript(join(__dirname, '..', service, 'main.ts'), {
    ...gatewaySettings(around),
    QUEUE_URL: queueUrl,
    ...more,
  });
  running.push(script);
  const { port } = JSON.parse(await script.says('program.started')) as { port: number };
  return `http://127.0.0.1:${port}`;
}

test('messages are taken, and passed on when the queue is back; replies are sent then', async () => {
  const mailer = await start('mailer', {});
  const gateway = await start('gateway', { MAILER_URL: mailer });
  for (const url of [mailer, gateway]) {
    const health = await fetch(`${url}/healthz`);
    expect([health.status, await health.json()]).toEqual([
      200,
      { status: 'ok', notes: [expect.stringContaining('does not answer')] },
    ]);
  }
  around.webhook = `${gateway}/webhook`;
  await around.greet('ben');

  await network.mend();
  const queue = await openQueue(around.database.url, silent);
  await until(async () => (await queue.depth(queues.messages)).ready === 1, {
    what: 'the message is in the queue',
    withinMs: 15_000,
  });
  await queue.publish(queues.replies, [{ id: 'r', body: replyTo('ben', 1) }]);
  await until(async () => (await around.shown('ben')).length === 1, { what: 'the reply is sent', withinMs: 15_000 });
  await queue.close();
});
