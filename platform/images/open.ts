import { join } from 'node:path';
import { outerEnvironment, toolEnvironment } from '../config';
import { EdwinError } from '../errors';
import type { Logger } from '../log';
import type { Images } from './images';

export interface ImagesOptions {
  /** Edwin's data folder. */
  readonly data: string;
  readonly log: Logger;
  /** Hosts that images are put on, as `openHosts` takes them; needed with a registry. */
  readonly hostsUrl?: string;
  /** Docker engine that builds, in the same form; default: the first of the hosts that answers. */
  readonly builderUrl?: string | undefined;
  /** Shell command that prints the registry's password, for passwords that expire. */
  readonly loginCommand?: string | undefined;
}

/**
 * `local:` builds images into folders of this machine; `registry+https://user:password@host:port/repository` (or
 * `registry+http:`) builds them by Docker and keeps them in a registry. There `?builder=classic` builds without BuildKit.
 * @throws `config.invalid` for any other address
 */
export async function openImages(url: string, options: ImagesOptions): Promise<Images> {
  const { data, log, hostsUrl, builderUrl = hostsUrl, loginCommand } = options;
  if (url.startsWith('local:')) {
    const { openLocalImages } = await import('./local');
    return openLocalImages({ folder: join(data, 'images'), log, env: toolEnvironment() });
  }
  const { protocol } = new URL(url);
  if (protocol !== 'registry+https:' && protocol !== 'registry+http:')
    throw new EdwinError(
      'config.invalid',
      `Images can not be opened by ${protocol} addresses; there are local:, registry+https: and registry+http:.`,
    );
  if (hostsUrl === undefined || builderUrl === undefined || hostsUrl.startsWith('local:'))
    throw new EdwinError('config.invalid', 'Images of a registry need Docker hosts: set HOSTS_URL, too.');
  const { openRegistryImages } = await import('./registry');
  const { parseRegistryAddress } = await import('./registry-address');
  const { openLogin } = await import('./registry-login');
  const { openEngines } = await import('../docker/engines');
  const { openEngineLinks } = await import('./engine-links');
  const address = parseRegistryAddress(url);
  const hosts = openEngineLinks(openEngines(hostsUrl, log));
  return openRegistryImages({
    address,
    login: openLogin({ ...address, command: loginCommand, env: outerEnvironment() }),
    hosts,
    builders: builderUrl === hostsUrl ? hosts : openEngineLinks(openEngines(builderUrl, log)),
    folder: join(data, 'images', 'locks'),
    log,
    env: toolEnvironment(),
  });
}
