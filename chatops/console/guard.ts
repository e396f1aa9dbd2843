import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export const SESSION_COOKIE = 'edwin_page';
export const PROOF_HEADER = 'x-edwin-page';
const loopback = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * The page has no login: whoever reaches the loopback address may use it, but other sites in the same browser may
 * not. Three walls: the `Host` must be ours (DNS rebinding), requests that say they come from elsewhere are refused,
 * and whatever changes something needs the session cookie (SameSite) and its proof in a header.
 */
export interface Guard {
  /** A sentence when the request is refused. */
  refusal(request: { readonly method: string; readonly headers: IncomingHttpHeaders }): string | undefined;
  /** The session of a request, or a new one. */
  session(headers: IncomingHttpHeaders): { readonly id: string; readonly isNew: boolean };
  /** What `PROOF_HEADER` must hold for a session; worthless after a restart, when the page asks for it again. */
  proof(session: string): string;
}

export function createGuard(publicUrl: () => string): Guard {
  const key = randomBytes(32);
  const proof = (session: string): string => createHmac('sha256', key).update(session).digest('base64url');

  const proven = (headers: IncomingHttpHeaders): boolean => {
    const session = cookieOf(headers);
    const given = headers[PROOF_HEADER];
    if (session === undefined || typeof given !== 'string') return false;
    const [a, b] = [Buffer.from(given), Buffer.from(proof(session))];
    return a.length === b.length && timingSafeEqual(a, b);
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
      return undefined;
    },
    session(headers) {
      const id = cookieOf(headers);
      return id === undefined ? { id: randomBytes(18).toString('base64url'), isNew: true } : { id, isNew: false };
    },
    proof,
  };
}

function cookieOf(headers: IncomingHttpHeaders): string | undefined {
  return new RegExp(`(?:^|;\\s*)${SESSION_COOKIE}=([\\w-]{20,64})`).exec(headers.cookie ?? '')?.[1];
}

function isSameHost(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}
