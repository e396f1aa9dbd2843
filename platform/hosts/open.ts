import { join } from 'node:path';
import { EdwinError } from '../errors';
import type { Logger } from '../log';
import type { Hosts } from './hosts';

/**
 * `local:` runs instances as processes of this machine; `local:3` has three virtual hosts, `local-1` to `local-3`.
 * `docker:FILE` runs them as containers of the Docker engines that the hosts file names; `unix:///var/run/docker.sock`,
 * `tcp://host:port?tls=FOLDER` and `ssh://user@host` are one engine. `data` is Edwin's data folder.
 * @throws `config.invalid` for any other address, and for a hosts file with mistakes
 */
export async function openHosts(
  url: string,
  { data, log }: { readonly data: string; readonly log: Logger },
): Promise<Hosts> {
  const protocol = /^[a-z]+:/.exec(url)?.[0] ?? url;
  switch (protocol) {
    case 'local:':
      return openLocal(url, data, log);
    case 'docker:':
    case 'unix:':
    case 'tcp:':
    case 'ssh:':
      return (await import('./docker')).openDockerHosts(url, log);
    default:
      throw new EdwinError(
        'config.invalid',
        `Hosts can not be opened by ${protocol} addresses; there are local:, docker:, unix:, tcp: and ssh:.`,
      );
  }
}

async function openLocal(url: string, data: string, log: Logger): Promise<Hosts> {
  const { localHost, openLocalHosts } = await import('./local');
  const { pathname } = new URL(url);
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
