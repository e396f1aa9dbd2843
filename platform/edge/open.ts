import { EdwinError } from '../errors';
import type { Edge } from './edge';

/**
 * `adminUrl` says which edge it is: an `http:` address is the control address of our own edge program,
 * `haproxy+unix:` and `haproxy+tcp:` are HAProxy's master (haproxy-address.ts), which needs no token.
 * @throws `config.invalid` for any other address
 */
export async function openEdge(
  adminUrl: string,
  { trafficUrl, token }: { readonly trafficUrl: string; readonly token: string },
): Promise<Edge> {
  const { protocol } = new URL(adminUrl);
  switch (protocol) {
    case 'http:': {
      const { openLocalEdge } = await import('./local');
      return openLocalEdge({ adminUrl, trafficUrl, token });
    }
    case 'haproxy+unix:':
    case 'haproxy+tcp:': {
      const { openHaproxyEdge } = await import('./haproxy');
      return openHaproxyEdge({ adminUrl, trafficUrl });
    }
    default:
      throw new EdwinError(
        'config.invalid',
        `An edge can not be opened by ${protocol} addresses; there are http:, haproxy+unix: and haproxy+tcp:.`,
      );
  }
}
