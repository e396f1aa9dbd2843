import type { Client } from '@elastic/elasticsearch';
import { everyStream } from './streams';

/** Documents that one request removes: done well within its limit, and soon enough for a program that stops. */
const CHUNK_DOCUMENTS = 10_000;
const CHUNK_LIMIT_MS = 60_000;
const DAY_MS = 86_400_000;

/**
 * Lets documents older than `days` go. A server that keeps data streams itself is told how long, and removes whole
 * indices in its own time; with others they are deleted here. Resolves with how many that were.
 */
export async function retain(client: Client, days: number, stopped: () => boolean): Promise<number> {
  if (!(await keepsDataStreams(client))) return removeBefore(client, new Date(Date.now() - days * DAY_MS), stopped);
  const hours = Math.ceil(days * 24);
  await client.indices.putDataLifecycle({ name: everyStream, data_retention: `${hours}h` }, { ignore: [404] });
  return 0;
}

/** Whether the server has the lifecycle of data streams, which is a module of its own. */
export async function keepsDataStreams(client: Client): Promise<boolean> {
  const { supported } = await client.capabilities({ method: 'PUT', path: '/_data_stream/any/_lifecycle' });
  return supported === true;
}

/** Removes documents older than `before`, in requests that hold nobody up. Resolves with how many went. */
async function removeBefore(client: Client, before: Date, stopped: () => boolean = () => false): Promise<number> {
  let removed = 0;
  while (!stopped()) {
    const { deleted = 0 } = await client.deleteByQuery(
      {
        index: everyStream,
        query: { range: { '@timestamp': { lt: before.toISOString() } } },
        max_docs: CHUNK_DOCUMENTS,
        conflicts: 'proceed',
      },
      { requestTimeout: CHUNK_LIMIT_MS },
    );
    removed += deleted;
    if (deleted < CHUNK_DOCUMENTS) break;
  }
  return removed;
}
