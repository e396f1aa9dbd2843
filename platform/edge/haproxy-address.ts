import { isAbsolute } from 'node:path';
import { EdwinError } from '../errors';
import type { MasterAddress } from './haproxy-cli';

/**
 * `haproxy+unix:///run/haproxy/master.sock?config=/var/lib/edwin/edge` or `haproxy+tcp://host:port?config=…`: where
 * HAProxy's master takes commands, and the folder, shared with HAProxy, that the pools are written into.
 * @throws `config.invalid`
 */
export function parseHaproxyUrl(text: string): { readonly master: MasterAddress; readonly folder: string } {
  const url = new URL(text);
  const folder = url.searchParams.get('config') ?? '';
  if (!isAbsolute(folder))
    throw new EdwinError(
      'config.invalid',
      `${url.protocol} addresses end with ?config=FOLDER, the absolute path of the folder HAProxy knows as EDGE_POOLS.`,
    );
  if (url.protocol === 'haproxy+unix:') {
    const path = decodeURIComponent(url.pathname);
    if (url.host !== '' || path.length < 2)
      throw new EdwinError('config.invalid', 'haproxy+unix: is followed by three slashes and the path of the socket.');
    return { master: { target: { path }, shown: path }, folder };
  }
  if (url.hostname === '' || url.port === '')
    throw new EdwinError('config.invalid', 'haproxy+tcp: is followed by two slashes, host and port.');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { master: { target: { host, port: Number(url.port) }, shown: url.host }, folder };
}
