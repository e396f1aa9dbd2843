import { EdwinError } from '../errors';
import type { Edge } from './edge';

/**
 * `adminUrl` says which edge it is: an `http:` address is the control address of our own edge program.
 * @throws `config.invalid` for any other address
 */
export async function openEdge(
  adminUrl: string,
  { trafficUrl, token }: { readonly trafficUrl: string; readonly token: string },
): Promise<Edge> {
  const { protocol } = new URL(adminUrl);
  if (protocol !== 'http:')
    throw new EdwinError('config.invalid', `An edge can not be opened by ${protocol} addresses; there is http:.`);
  const { openLocalEdge } = await import('./local');
  return openLocalEdge({ adminUrl, trafficUrl, token });
}
