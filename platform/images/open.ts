import { join } from 'node:path';
import { toolEnvironment } from '../config';
import { EdwinError } from '../errors';
import type { Logger } from '../log';
import type { Images } from './images';

/**
 * `local:` builds images into folders of this machine, under `data`, Edwin's data folder.
 * @throws `config.invalid` for any other address
 */
export async function openImages(
  url: string,
  { data, log }: { readonly data: string; readonly log: Logger },
): Promise<Images> {
  const { protocol } = new URL(url);
  if (protocol !== 'local:')
    throw new EdwinError('config.invalid', `Images can not be opened by ${protocol} addresses; there is local:.`);
  const { openLocalImages } = await import('./local');
  return openLocalImages({ folder: join(data, 'images'), log, env: toolEnvironment() });
}
