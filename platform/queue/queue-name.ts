/** @throws RangeError unless `queue` may name a queue, whichever adapter keeps it. */
export function checkQueueName(queue: string): void {
  if (!/^[a-z0-9][a-z0-9._-]{0,54}$/.test(queue)) throw new RangeError(`${queue} is no name for a queue`);
}
