import { errors } from '@elastic/elasticsearch';
import { EdwinError } from '../../errors';

/** What the server says of a request or of one document that it did not take. */
export interface Failure {
  readonly type?: string | undefined;
  readonly reason?: string | null | undefined;
  readonly caused_by?: Failure | undefined;
}

/**
 * Sorts an error of the client under the port's own codes; what is none of them passes as it is.
 * @param admitted whether the server has taken these credentials before: while it starts, it refuses everybody's
 */
export function asTelemetryError(error: unknown, where: string, admitted: boolean): unknown {
  if (error instanceof EdwinError || !(error instanceof errors.ElasticsearchClientError)) return error;
  // The client's error holds the whole request; what goes on is what it says.
  const cause = Object.assign(new Error(error.message), { name: error.name });
  if (error instanceof errors.ProductNotSupportedError) {
    return new EdwinError('telemetry.wrong-version', `What answers at ${where} is not Elasticsearch.`, { cause });
  }
  if (error instanceof errors.ResponseError) {
    const failure = failureOf(error);
    if (error.statusCode === 401 && admitted)
      return new EdwinError(
        'telemetry.unreachable',
        `Elasticsearch at ${where} refuses credentials that it took before: it is starting, or they were changed.`,
        { cause },
      );
    return storeError(error.statusCode ?? 0, failure, where, cause) ?? unexpected(error, failure, where);
  }
  if (error instanceof errors.TimeoutError) {
    return new EdwinError('telemetry.unreachable', `Elasticsearch at ${where} did not answer in time.`, { cause });
  }
  if (error instanceof errors.ConnectionError || error instanceof errors.NoLivingConnectionsError) {
    const reason = error.message.split('\n', 1)[0]?.slice(0, 200);
    return new EdwinError('telemetry.unreachable', `Elasticsearch at ${where} does not answer: ${reason}.`, { cause });
  }
  return error;
}

/** The error when it is the store, and no single document, that is in trouble. */
export function storeError(status: number, failure: Failure, where: string, cause?: Error): EdwinError | undefined {
  const at = `Elasticsearch at ${where}`;
  const reason = reasonOf(failure);
  const options = cause && { cause };
  if (failure.type === 'cluster_block_exception')
    return new EdwinError('telemetry.full', `${at} takes no more: ${reason}.`, options);
  if (failure.type === 'media_type_header_exception')
    return new EdwinError('telemetry.wrong-version', `${at} is older than version 9: ${reason}.`, options);
  if (status === 401 || status === 403)
    return new EdwinError('telemetry.refused', `${at} refused: ${reason}.`, options);
  if (status === 429 || status === 502 || status === 503 || status === 504)
    return new EdwinError('telemetry.unreachable', `${at} is too busy, or not ready: ${reason}.`, options);
  return undefined;
}

/** One line, with the cause that says most, and without the document that it may quote at length. */
export function reasonOf(failure: Failure): string {
  const inner = failure.caused_by?.reason;
  const text = [failure.reason ?? failure.type ?? 'no reason given', ...(inner ? [inner] : [])].join(': ');
  return text.replace(/\s+/g, ' ').replace(/\.$/, '').slice(0, 500);
}

export function failureOf(error: errors.ResponseError): Failure {
  const body = error.body as { error?: Failure | string } | string | undefined;
  const failure = typeof body === 'object' ? body.error : body;
  if (typeof failure === 'object') return failure;
  return { reason: failure || `status ${error.statusCode}` };
}

function unexpected(error: errors.ResponseError, failure: Failure, where: string): Error {
  return new Error(`Elasticsearch at ${where} answered ${error.statusCode}: ${reasonOf(failure)}`);
}
