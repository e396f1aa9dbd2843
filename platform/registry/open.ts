import { EdwinError } from '../errors';
import type { Logger } from '../log';
import type { Registry } from './registry';

/** Opens the registry that the address names by its scheme. Errors: `config.invalid`, `registry.unreachable`, `registry.refused`. */
export async function openRegistry(url: string, log: Logger): Promise<Registry> {
  const scheme = url.split(':', 1)[0];
  switch (scheme) {
    case 'postgres':
    case 'postgresql': {
      const { openPostgresRegistry } = await import('./postgres');
      return openPostgresRegistry(url, log);
    }
    case 'consul+http':
    case 'consul+https': {
      const { openConsulRegistry } = await import('./consul');
      return openConsulRegistry(url, log);
    }
    default:
      throw new EdwinError('config.invalid', `There is no registry for addresses that begin with ${scheme}:.`);
  }
}
