import { silent } from '../log';
import { openQueue } from './open';

/** A process of the contract suite: takes one message of QUEUE_NAME, says its id, and keeps it until it is killed. */
async function holdOne(): Promise<void> {
  const queue = await openQueue(process.env['QUEUE_URL'] ?? '', silent);
  await queue.consume(process.env['QUEUE_NAME'] ?? '', { concurrency: 1 }, async ({ id }) => {
    process.stdout.write(`holds ${id}\n`);
    await new Promise(() => undefined);
  });
}

void holdOne();
