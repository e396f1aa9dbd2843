import { EdwinError } from '../errors';
import type { Engine } from './engine';

/** What dockerode throws: `statusCode` and the engine's answer, or an error of the connection. */
interface DockerFailure extends Error {
  readonly statusCode?: number;
  readonly code?: string;
  readonly json?: { readonly message?: string } | Buffer | null;
}

/** Status that the engine answered with; undefined when it did not answer. */
export function statusOf(error: unknown): number | undefined {
  return (error as DockerFailure | undefined)?.statusCode;
}

/** The engine's own words for a refusal, as one sentence's end. */
export function wordsOf(error: unknown): string {
  const { json, message } = error as DockerFailure;
  const words = json && !Buffer.isBuffer(json) && json.message !== undefined ? json.message : message;
  return words.trim().replace(/\s+/g, ' ').replace(/\.$/, '');
}

/**
 * The port's error for an engine that did not answer: `hosts.refused` when it does not want this client,
 * else `hosts.unreachable`. Names host and address.
 */
export function unreachable(engine: Engine, error: unknown): EdwinError {
  const { name, engine: address } = engine.host;
  const why = engine.trouble() ?? reasonOf(error);
  const where = `${name} (${address.replace(/\?.*/, '')})`;
  return isRefusal(error, why)
    ? new EdwinError('hosts.refused', `The Docker engine of ${where} refuses this client: ${why}.`, { cause: error })
    : new EdwinError('hosts.unreachable', `The Docker engine of ${where} can not be reached: ${why}.`, {
        cause: error,
      });
}

function reasonOf(error: unknown): string {
  const { code, message } = error as DockerFailure;
  if (code === 'ECONNREFUSED') return 'nothing listens there';
  if (code === 'ENOENT') return 'the socket is not there';
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH') return 'there is no way to it';
  return wordsOf({ message } as Error);
}

/** The engine wants other credentials, or this side does not trust the engine's. */
function isRefusal(error: unknown, why: string): boolean {
  const code = (error as DockerFailure | undefined)?.code ?? '';
  if (statusOf(error) === 401 || statusOf(error) === 403 || code === 'EACCES') return true;
  if (/^ERR_(SSL|TLS)|CERT|SELF_SIGNED|UNABLE_TO/.test(code)) return true;
  return /Permission denied|Host key verification failed/.test(why);
}
