import { EdwinError } from '../../errors';
import type { Address } from './address';

/** Sorts what amqplib throws under the codes of the port. */
export function asQueueError(error: unknown, { where }: Pick<Address, 'where'>): EdwinError {
  if (error instanceof EdwinError) return error;
  const text = error instanceof Error ? error.message : String(error);
  if (/ACCESS[-_]REFUSED|NOT[-_]ALLOWED/.test(text))
    return new EdwinError('queue.refused', `RabbitMQ at ${where} refused: ${reasonIn(text)}.`, { cause: error });
  if (/Expected ConnectionOpenOk; got <ConnectionClose/.test(text)) {
    // amqplib keeps the server's reason to itself
    const why = 'this user may not enter the virtual host, or there is none of that name, or it is down';
    return new EdwinError('queue.refused', `RabbitMQ at ${where} refused: ${why}.`, { cause: error });
  }
  if (/RESOURCE[-_]LOCKED|inequivalent arg/.test(text))
    return new EdwinError('queue.taken', `RabbitMQ at ${where}: ${reasonIn(text)}.`, { cause: error });
  return new EdwinError('queue.unreachable', `RabbitMQ at ${where} does not answer: ${text || 'no reason told'}.`, {
    cause: error,
  });
}

/** The server's own words, as far as they are told. */
function reasonIn(text: string): string {
  return /(?:ACCESS_REFUSED|NOT_ALLOWED|RESOURCE_LOCKED|PRECONDITION_FAILED) - ([^"]+?)\.?"/.exec(text)?.[1] ?? text;
}
