import { SlackFailure } from './failure';
import { isObject, type Json } from './json';

/** Arguments that are JSON in themselves and come as strings in a form. */
const nested = new Set(['blocks', 'attachments', 'metadata', 'view', 'unfurls', 'entity', 'user_auth_blocks']);

/**
 * One shape for the three ways of calling a method: a form with nested JSON as strings, a JSON body, a query.
 * A nested string that is no JSON stays as it is; the method that reads it knows the right error.
 */
export function readArguments(query: unknown, body: unknown): Json {
  if (body !== undefined && body !== null && !isObject(body)) throw new SlackFailure('invalid_json');
  const given = { ...(isObject(query) ? query : {}), ...(isObject(body) ? body : {}) };
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, nested.has(name) ? parse(value) : value]),
  );
}

function parse(value: unknown): unknown {
  if (typeof value !== 'string' || value === '') return value === '' ? undefined : value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** Bearer header first, then the `token` argument. */
export function readToken(authorization: string | undefined, args: Json): string | undefined {
  const bearer = /^Bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1];
  return bearer ?? (typeof args['token'] === 'string' ? args['token'] : undefined);
}
