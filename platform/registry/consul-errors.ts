import { types } from 'node:util';
import { EdwinError } from '../errors';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** Of blocking queries; NaN without one. */
  readonly index: number;
}

/**
 * Why there is no answer. `lost`: the connection broke, another may be good. `busy`: too many connections or no leader,
 * which pass. `unknown`: the token is not known. `final`: asking again changes nothing.
 */
export interface Failure {
  readonly kind: 'lost' | 'busy' | 'unknown' | 'final';
  readonly error: Error;
}

/** What a method of the library gives when it is asked to include the response. */
export function isConsulAnswer(
  value: unknown,
): value is [{ statusCode: number; headers: Record<string, string | undefined> }, unknown] {
  return Array.isArray(value) && typeof (value[0] as { statusCode?: unknown } | undefined)?.statusCode === 'number';
}

interface Response {
  readonly statusCode: number;
  readonly body?: unknown;
}

/**
 * Sorts an error of the library. It is never passed on itself: it holds the response and with it the token.
 * A status of `also` is an answer.
 */
export function failureOf(error: unknown, where: string, also: readonly number[]): Answer | Failure {
  if (!types.isNativeError(error)) return { kind: 'final', error: new Error(`Consul at ${where}: ${String(error)}`) };
  const response = (error as { response?: Response }).response;
  if (response === undefined) {
    const { code, isTimeout } = error as { code?: string; isTimeout?: boolean };
    const broken = /^(ECONNRESET|EPIPE)$/.test(code ?? '');
    const reason = isTimeout ? 'no answer in time' : error.message.replace(/^consul: (\w+\.)*\w+: /, '');
    return { kind: broken ? 'lost' : 'final', error: unreachable(where, reason) };
  }
  const { statusCode: status, body } = response;
  if (also.includes(status)) return { status, body, index: Number.NaN };
  const text = typeof body === 'string' && body !== '' ? body.trim().slice(0, 300) : `status ${status}`;
  if (status === 401 || status === 403)
    return {
      kind: text === 'ACL not found' ? 'unknown' : 'final',
      error: new EdwinError('registry.refused', `Consul at ${where} refused: ${text}.`),
    };
  if (status === 429 || status >= 500) return { kind: 'busy', error: unreachable(where, text) };
  return { kind: 'final', error: new Error(`Consul at ${where} answered ${status}: ${text}`) };
}

function unreachable(where: string, reason: string): EdwinError {
  return new EdwinError('registry.unreachable', `Consul at ${where} does not answer: ${reason}.`);
}
