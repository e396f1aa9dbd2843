import { errors, type estypes } from '@elastic/elasticsearch';
import { EdwinError } from '../../errors';
import { isSpan, storable } from '../rows';
import type { TelemetryDocument, WriteResult } from '../telemetry';
import type { Server } from './connect';
import { type Failure, failureOf, reasonOf, storeError } from './errors';
import { streamOf } from './streams';

/** Of one request, in characters: Elastic's advice is 1 to 5 MB. A larger document goes alone. */
const REQUEST_CHARACTERS = 3_000_000;

interface Line {
  readonly id: string;
  readonly action: string;
  readonly document: string;
}
type Rejection = WriteResult['rejected'][number];
type Fate = 'created' | 'duplicate' | Omit<Rejection, 'id'>;

/**
 * Creates documents by bulk requests of a few megabytes, one after the other: in a stream, the order of arrival is
 * the order of lines. What is a document's own fault is rejected for good, what the server had no room for just now is
 * rejected to be written again; when the store itself is in trouble it rejects with the port's error, and all of
 * `documents` may be written again, since what was stored is then a duplicate.
 */
export async function write(server: Server, documents: readonly TelemetryDocument[]): Promise<WriteResult> {
  const result = { created: 0, duplicates: 0, rejected: [] as Rejection[] };
  const lines = documents.flatMap((document) => lineOf(document) ?? refuse(document, result.rejected));
  for (const request of requestsOf(lines)) {
    const fates = await send(server, request);
    for (const [index, fate] of fates.entries()) {
      if (fate === 'created') result.created += 1;
      else if (fate === 'duplicate') result.duplicates += 1;
      else result.rejected.push({ id: request[index]?.id ?? '', ...fate });
    }
  }
  return result;
}

function lineOf(document: TelemetryDocument): Line | undefined {
  const content = isSpan(document) ? document.span : document.log;
  const stream = streamOf(isSpan(document) ? 'traces' : 'logs', content.data_stream.namespace);
  if (stream === undefined) return undefined;
  const action = JSON.stringify({ create: { _index: stream, _id: document.id } });
  return { id: document.id, action, document: storable(content) };
}

function refuse({ id }: TelemetryDocument, rejected: Rejection[]): [] {
  rejected.push({ id, reason: 'no stream can have the name of its environment', retry: false });
  return [];
}

/** Pure: lines cut into requests of about `REQUEST_CHARACTERS`. */
function requestsOf(lines: readonly Line[]): Line[][] {
  const requests: Line[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const line of lines) {
    const length = line.action.length + line.document.length;
    if (size + length > REQUEST_CHARACTERS) {
      requests.push([]);
      size = 0;
    }
    requests.at(-1)?.push(line);
    size += length;
  }
  return requests;
}

async function send(server: Server, lines: readonly Line[]): Promise<Fate[]> {
  const { client, where, writeLimitMs } = server;
  try {
    const answer = await client.bulk<string>(
      {
        operations: lines.flatMap(({ action, document }) => [action, document]),
        require_data_stream: true,
        filter_path: ['items.*.status', 'items.*.error', 'items.*.failure_store'],
      },
      { requestTimeout: writeLimitMs },
    );
    return answer.items.map(({ create }) => fateOf(create ?? { _index: '', status: 500 }, where));
  } catch (error) {
    if (!(error instanceof errors.ResponseError)) throw error;
    if (error.statusCode === 413) return sendHalves(server, lines, error);
    if (error.statusCode !== 429 || failureOf(error).type === 'cluster_block_exception') throw error;
    const reason = reasonOf(failureOf(error));
    return lines.map(() => ({ reason, retry: true }));
  }
}

/** A proxy, or the server, takes only smaller bodies. */
async function sendHalves(server: Server, lines: readonly Line[], error: errors.ResponseError): Promise<Fate[]> {
  if (lines.length === 1)
    return [{ reason: `larger than the store takes: ${reasonOf(failureOf(error))}`, retry: false }];
  const middle = Math.ceil(lines.length / 2);
  const first = await send(server, lines.slice(0, middle));
  return [...first, ...(await send(server, lines.slice(middle)))];
}

/**
 * Pure: what became of one document.
 * @throws the port's error when the store refuses not this document but everything like it.
 */
export function fateOf(item: estypes.BulkResponseItem, where: string): Fate {
  const { status, error, failure_store: kept } = item;
  if (error === undefined) {
    return kept === 'used' ? { reason: 'refused by the mapping; it is in the failure store', retry: false } : 'created';
  }
  if (error.type === 'version_conflict_engine_exception') return 'duplicate';
  const failure: Failure = error;
  const reason = reasonOf(failure);
  if (error.type !== 'cluster_block_exception' && (status === 429 || status >= 500)) return { reason, retry: true };
  if (status === 404)
    throw new EdwinError('telemetry.refused', `Elasticsearch at ${where} makes no stream: ${reason}.`);
  const trouble = storeError(status, failure, where);
  if (trouble !== undefined) throw trouble;
  return { reason, retry: false };
}
