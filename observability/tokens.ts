import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { EdwinError } from '../platform/errors';

/** Environment of a bearer token; undefined for one that nobody has. */
export type EnvironmentOf = (authorization: string | undefined) => string | undefined;

const tokensSchema = z.record(z.string().min(1), z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/));

/**
 * Reads OTLP_TOKENS, `{"<token>": "<environment>"}`. A token is compared with every known one by digest, in constant
 * time, so that how long a refusal takes says nothing about what was right.
 * @throws `config.invalid`, which shows no token.
 */
export function parseTokens(json: string): EnvironmentOf {
  const known = Object.entries(read(json)).map(([token, environment]) => ({ digest: digestOf(token), environment }));
  return (authorization) => {
    const [, token] = /^Bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
    const digest = digestOf(token ?? '');
    let found: string | undefined;
    for (const entry of known) if (timingSafeEqual(entry.digest, digest)) found = entry.environment;
    return token === undefined ? undefined : found;
  };
}

function read(json: string): Record<string, string> {
  try {
    const tokens = tokensSchema.safeParse(JSON.parse(json));
    if (tokens.success && Object.keys(tokens.data).length > 0) return tokens.data;
  } catch {
    // told below, without the text: it holds tokens
  }
  throw new EdwinError('config.invalid', 'OTLP_TOKENS is not a JSON object of tokens and their environments.');
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
