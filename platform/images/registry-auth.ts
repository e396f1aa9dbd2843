import { z } from 'zod';
import { EdwinError } from '../errors';
import type { RegistryAddress } from './registry-address';
import type { Credentials, Login } from './registry-login';

export type Action = 'pull' | 'push' | 'delete';

/** What was sent with a request, so that its refusal can be answered. */
export interface Sent {
  readonly header: string | undefined;
  readonly credentials: Credentials | undefined;
}

/** How a registry wants to be shown who asks. */
export interface RegistryAuth {
  authorize(action: Action): Promise<Sent>;
  /** Answers a 401: what to send with the same request at its next try; undefined when no try is worth it. */
  answer(action: Action, challenge: string | null, sent: Sent): Promise<Sent | undefined>;
}

/** Tokens without a lifetime live for one minute (distribution spec, "Token Authentication Specification"). */
const TOKEN_SECONDS = 60;
const tokenAnswer = z.object({
  token: z.string().optional(),
  access_token: z.string().optional(),
  expires_in: z.number().optional(),
});

/**
 * Basic, or the token flow of the distribution spec: the registry names a realm, which gives a token for the scope in
 * exchange for user and password. Tokens are kept until shortly before they expire.
 */
export function openRegistryAuth(
  address: RegistryAddress,
  login: Login,
  { limitMs, now = Date.now }: { readonly limitMs: number; readonly now?: () => number },
): RegistryAuth {
  let basic = false;
  const tokens = new Map<
    Action,
    { readonly value: string; readonly until: number; readonly by: Credentials | undefined }
  >();

  const fetchToken = async (realm: URL, credentials: Credentials | undefined): Promise<Response> => {
    const headers = credentials ? { authorization: basicOf(credentials) } : {};
    try {
      return await fetch(realm, { headers, redirect: 'error', signal: AbortSignal.timeout(limitMs) });
    } catch (error) {
      const why = (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).message;
      const text = `The token service ${realm.host} of the image registry at ${address.host} does not answer: ${why}.`;
      throw new EdwinError('images.unreachable', text, { cause: error });
    }
  };

  const takeToken = async (action: Action, challenge: string): Promise<Sent | undefined> => {
    const realm = realmOf(address, challenge);
    let credentials = await login.credentials();
    let response = await fetchToken(realm, credentials);
    if ((response.status === 401 || response.status === 403) && (await login.renew(credentials))) {
      credentials = await login.credentials();
      response = await fetchToken(realm, credentials);
    }
    if (response.status >= 500 || response.status === 429)
      throw new EdwinError(
        'images.unreachable',
        `The token service ${realm.host} of the image registry at ${address.host} answers ${response.status}.`,
      );
    if (!response.ok) return undefined;
    const answer = tokenAnswer.parse(await response.json());
    const value = answer.token ?? answer.access_token;
    if (value === undefined) return undefined;
    const seconds = answer.expires_in ?? TOKEN_SECONDS;
    tokens.set(action, { value, until: now() + seconds * 900, by: credentials });
    return { header: `Bearer ${value}`, credentials };
  };

  const takeBasic = async (): Promise<Sent> => {
    const credentials = await login.credentials();
    return { header: credentials && basicOf(credentials), credentials };
  };

  return {
    async authorize(action) {
      const token = tokens.get(action);
      if (token && now() < token.until) return { header: `Bearer ${token.value}`, credentials: token.by };
      return basic ? takeBasic() : { header: undefined, credentials: undefined };
    },
    async answer(action, challenge, sent) {
      if (/^bearer /i.test(challenge ?? '')) {
        tokens.delete(action);
        return takeToken(action, challenge!);
      }
      if (!/^basic/i.test(challenge ?? '')) return undefined;
      basic = true;
      if (sent.header !== undefined && !(await login.renew(sent.credentials))) return undefined;
      const next = await takeBasic();
      return next.header === undefined ? undefined : next;
    },
  };
}

/** @throws `images.refused` when passwords would leave an encrypted way for an open one */
function realmOf(address: RegistryAddress, challenge: string): URL {
  const words = Object.fromEntries([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]));
  const realm = URL.canParse(words['realm'] ?? '') ? new URL(words['realm']!) : undefined;
  if (realm === undefined || (realm.protocol !== 'https:' && address.origin.startsWith('https:')))
    throw new EdwinError(
      'images.refused',
      `The image registry at ${address.host} sends its users to a token service that can not be trusted: ${realm?.host ?? 'no address'}.`,
    );
  if (words['service']) realm.searchParams.set('service', words['service']);
  for (const scope of words['scope']?.split(' ') ?? []) realm.searchParams.append('scope', scope);
  return realm;
}

const basicOf = ({ user, password }: Credentials): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
