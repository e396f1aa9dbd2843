import { EdwinError } from '../errors';
import type { Logger } from '../log';
import type { Queue } from './queue';

/** Opens the queue that the address names by its scheme. Errors: `config.invalid`, `queue.unreachable`, `queue.refused`. */
export async function openQueue(url: string, log: Logger): Promise<Queue> {
  const scheme = url.split(':', 1)[0];
  switch (scheme) {
    case 'postgres':
    case 'postgresql': {
      const { openPostgresQueue } = await import('./postgres');
      return openPostgresQueue(url, log);
    }
    case 'amqp':
    case 'amqps': {
      const { openRabbitQueue } = await import('./rabbitmq');
      return openRabbitQueue(url, log);
    }
    default:
      throw new EdwinError('config.invalid', `QUEUE_URL: there is no queue for addresses that begin with ${scheme}:.`);
  }
}
