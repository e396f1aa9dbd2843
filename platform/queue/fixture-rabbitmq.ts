import { connect } from 'amqplib';
import type { Engine } from '../../test/engines/engine';

/** The server that tests use, seen by somebody who may do everything on it. */
export interface RabbitOperator {
  version(): Promise<string>;
  /** Address of stage's virtual host, changed so, with the management API that is really there. */
  stage(change?: { port?: string; password?: string; pathname?: string; management?: string }): string;
  /** Deletes every queue of stage whose name begins so, that the server stays quick. */
  forget(beginning: string): Promise<void>;
}

export function rabbitOperator(rabbitmq: Engine): RabbitOperator {
  const api = new URL(rabbitmq.setting('EDWIN_TEST_RABBITMQ_MANAGEMENT_URL'));
  const authorization = `Basic ${Buffer.from(`${api.username}:${api.password}`).toString('base64')}`;
  const ask = async (path: string): Promise<unknown> => {
    const answer = await fetch(`${api.origin}/api/${path}`, { headers: { authorization } });
    return answer.json();
  };
  const address = (): URL => new URL(rabbitmq.setting('EDWIN_TEST_RABBITMQ_STAGE_URL'));
  return {
    version: async () => ((await ask('overview')) as { rabbitmq_version: string }).rabbitmq_version,
    stage: ({ management = api.origin, ...change } = {}) => {
      const url = Object.assign(address(), change);
      url.searchParams.set('management', management);
      return url.toString();
    },
    forget: async (beginning) => {
      const all = (await ask('queues/stage?columns=name')) as { name: string }[];
      const operator = await connect(address().toString());
      const channel = await operator.createChannel();
      for (const { name } of all) if (name.startsWith(beginning)) await channel.deleteQueue(name);
      await operator.close();
    },
  };
}
