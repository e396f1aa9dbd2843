import { onEngines } from '../../test/engines/engine';
import { openRelay, type Relay } from '../../test/engines/relay';
import { silent } from '../log';
import { queueContract } from './contract';
import { rabbitOperator } from './fixture-rabbitmq';
import { openRabbitQueue } from './rabbitmq';

/** @seconds 170 */
onEngines(['rabbitmq'], ({ rabbitmq }) => {
  let relay: Relay;
  beforeAll(async () => {
    const { hostname, port } = new URL(rabbitmq.setting('EDWIN_TEST_RABBITMQ_STAGE_URL'));
    relay = await openRelay({ host: hostname, port: Number(port) });
  });
  afterAll(() => relay.close());

  const operator = rabbitOperator(rabbitmq);
  const control = async (...verbs: string[]): Promise<void> => {
    for (const verb of verbs) await rabbitmq.control(verb);
  };

  queueContract(
    'RabbitMQ',
    {
      version: () => operator.version(),
      url: () => operator.stage({ port: String(relay.port) }),
      open: (options) => openRabbitQueue(operator.stage({ port: String(relay.port) }), silent, options),
      openUnreachable: () => openRabbitQueue(operator.stage({ port: '1' }), silent),
      openWithWrongPassword: () => openRabbitQueue(operator.stage({ password: 'wrong' }), silent),
      openAsStranger: () => openRabbitQueue(operator.stage({ pathname: '/prod' }), silent),
      forget: (topic) => operator.forget(topic),
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
