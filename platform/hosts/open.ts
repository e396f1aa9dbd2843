import { join } from 'node:path';
import { EdwinError } from '../errors';
import type { Logger } from '../log';
import type { Hosts } from './hosts';

/**
 * `local:` runs instances as processes of this machine; `local:3` has three virtual hosts, `local-1` to `local-3`.
 * `data` is Edwin's data folder.
 * @throws `config.invalid` for any other address
 */
export async function openHosts(
  url: string,
  { data, log }: { readonly data: string; readonly log: Logger },
): Promise<Hosts> {
  const { protocol, pathname } = new URL(url);
  if (protocol !== 'local:')
    throw new EdwinError('config.invalid', `Hosts can not be opened by ${protocol} addresses; there is local:.`);
  const { localHost, openLocalHosts } = await import('./local');
  const names = /^[1-9]\d?$/.test(pathname)
    ? Array.from({ length: Number(pathname) }, (_, i) => `local-${i + 1}`)
    : ['local'];
  return openLocalHosts({
    folder: join(data, 'instances'),
    imagesFolder: join(data, 'images'),
    log,
    hosts: names.map(localHost),
  });
}
