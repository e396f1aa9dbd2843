import { type Engine, onEngines } from '../../test/engines/engine';
import { openRelay, type Relay } from '../../test/engines/relay';
import { silent } from '../log';
import { queueContract } from './contract';
import { openRabbitQueue } from './rabbitmq';

onEngines(['rabbitmq'], ({ rabbitmq }) => {
  let relay: Relay;
  beforeAll(async () => {
    const { hostname, port } = new URL(rabbitmq.setting('EDWIN_TEST_RABBITMQ_STAGE_URL'));
    relay = await openRelay({ host: hostname, port: Number(port) });
  });
  afterAll(() => relay.close());

  const management = (): string => new URL(rabbitmq.setting('EDWIN_TEST_RABBITMQ_MANAGEMENT_URL')).host;
  const stage = (change: Partial<URL> = {}): string => {
    const url = Object.assign(new URL(rabbitmq.setting('EDWIN_TEST_RABBITMQ_STAGE_URL')), change);
    url.searchParams.set('management', `http://${management()}`);
    return url.toString();
  };

  const control = async (...verbs: string[]): Promise<void> => {
    for (const verb of verbs) await rabbitmq.control(verb);
  };

  queueContract(
    'RabbitMQ',
    {
      version: () => versionOf(rabbitmq),
      url: () => stage({ port: String(relay.port) }),
      open: (options) => openRabbitQueue(stage({ port: String(relay.port) }), silent, options),
      openUnreachable: () => openRabbitQueue(stage({ port: '1' }), silent),
      openWithWrongPassword: () => openRabbitQueue(stage({ password: 'wrong' }), silent),
      openAsStranger: () => openRabbitQueue(stage({ pathname: '/prod' }), silent),
      figuresWithinMs: 40_000,
      ...(rabbitmq.disturbable && {
        faults: {
          restart: () => control('down', 'up'),
          crash: () => control('crash', 'up'),
          pause: () => control('pause'),
          resume: () => control('resume'),
          cutConnections: () => relay.cut().then(() => relay.mend()),
        },
      }),
    },
    { unsupported: { 'an id that is stored already is not stored again': 'RabbitMQ does not compare ids' } },
  );
});

async function versionOf(rabbitmq: Engine): Promise<string> {
  const url = new URL('/api/overview', rabbitmq.setting('EDWIN_TEST_RABBITMQ_MANAGEMENT_URL'));
  const authorization = `Basic ${Buffer.from(`${url.username}:${url.password}`).toString('base64')}`;
  Object.assign(url, { username: '', password: '' });
  const answer = await fetch(url, { headers: { authorization } });
  return ((await answer.json()) as { rabbitmq_version: string }).rabbitmq_version;
}
