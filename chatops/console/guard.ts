import { createHmac, randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { sameSecret } from '../../platform/same-secret';

export const SESSION_COOKIE = 'edwin_page';
export const PROOF_HEADER = 'x-edwin-page';
const loopback = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * On a loopback address the page has no login: whoever reaches it may use it, but other sites in the same browser may
 * not. On any other address it has a key: without it no session begins. Three more walls: the `Host` must be ours (DNS rebinding), requests that say they come from elsewhere are refused,
 * and whatever changes something needs the session cookie (SameSite) and its proof in a header.
 */
export interface Guard {
  /** A sentence when the request is refused. */
  refusal(request: { readonly method: string; readonly headers: IncomingHttpHeaders }): string | undefined;
  /** A session for the one who knows the key; undefined for everybody else. */
  admit(key: string): string | undefined;
  /** The session of a request, or a new one. */
  session(headers: IncomingHttpHeaders): { readonly id: string; readonly isNew: boolean };
  /** What `PROOF_HEADER` must hold for a session; worthless after a restart, when the page asks for it again. */
  proof(session: string): string;
}

export function createGuard(publicUrl: () => string, key?: string): Guard {
  const proofKey = randomBytes(32);
  const proof = (session: string): string => createHmac('sha256', proofKey).update(session).digest('base64url');
  const fresh = (): string => {
    const id = randomBytes(18).toString('base64url');
    return key === undefined ? id : id + signatureOf(id, key);
  };
  const isAdmitted = (headers: IncomingHttpHeaders): boolean => {
    if (key === undefined) return true;
    const session = cookieOf(headers) ?? '';
    return sameSecret(session.slice(ID_LENGTH), signatureOf(session.slice(0, ID_LENGTH), key));
  };

  const proven = (headers: IncomingHttpHeaders): boolean => {
    const session = cookieOf(headers);
    const given = headers[PROOF_HEADER];
    if (session === undefined || typeof given !== 'string') return false;
    return sameSecret(given, proof(session));
  };
  return {
    refusal({ method, headers }) {
      const host = headers.host ?? '';
      const name = host.replace(/:\d+$/, '').toLowerCase();
      if (!loopback.has(name) && name !== new URL(publicUrl()).hostname)
        return `This page is not served under the name ${name}.`;
      if (headers.origin !== undefined && !isSameHost(headers.origin, host))
        return 'Requests from other sites are refused.';
      const site = headers['sec-fetch-site'];
      const navigates = headers['sec-fetch-mode'] === 'navigate' && method === 'GET';
      if (site !== undefined && site !== 'same-origin' && site !== 'none' && !navigates)
        return 'Requests from other sites are refused.';
      if (method !== 'GET' && method !== 'HEAD' && !proven(headers))
        return 'The session of this page is over; load it again.';
      if (!isAdmitted(headers)) return 'Open the page by the address that `edwin up` prints; it holds the key.';
      return undefined;
    },
    admit: (given) => (key !== undefined && sameSecret(given, key) ? fresh() : undefined),
    session(headers) {
      const id = cookieOf(headers);
      return id === undefined ? { id: fresh(), isNew: true } : { id, isNew: false };
    },
    proof,
  };
}

const ID_LENGTH = 24;

/** Sessions outlive a restart, and end for all when the key is changed. */
function signatureOf(id: string, key: string): string {
  return createHmac('sha256', key).update(id).digest('base64url');
}

function cookieOf(headers: IncomingHttpHeaders): string | undefined {
  return new RegExp(`(?:^|;\\s*)${SESSION_COOKIE}=([\\w-]{20,80})`).exec(headers.cookie ?? '')?.[1];
}

function isSameHost(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}
